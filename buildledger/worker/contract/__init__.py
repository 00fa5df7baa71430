"""How a worker and the supervisor of a command communicate: messages over a pipe, and files in a directory."""
