"""The contract between a worker and the supervisor of a command: a directory, and what is launched from it."""
