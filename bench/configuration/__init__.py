"""How long a configuration of thousands of builders takes: to check, to apply, and to change by one builder."""
