"""Commands from requests: idempotency, waiting until a command is visible, and requests for builds."""
