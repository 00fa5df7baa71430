"""Where the values of secrets come from; they are asked for when an operation is sent and kept nowhere."""

from typing import Protocol


class SecretSource(Protocol):
    """Gives the values of secrets by name."""

    def get(self, name: str) -> str:
        """The value of a secret; may block, for it is called in a thread.

        Raises: LookupError or OSError if it can't be had; their text must not hold a value.
        """
        ...


class NoSecrets:
    """For a server that was given no secrets."""

    def get(self, name: str) -> str:
        """See `SecretSource.get`."""
        raise LookupError("no source of secrets is configured")
