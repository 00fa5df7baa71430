"""The worker service: the only door through which workers come in, and the only room that speaks gRPC.

It turns open operations into each worker's desired state, and what workers report into log bytes and commands; it
acknowledges only what is durable. It decides nothing (that is `domain/`) and keeps nothing of its own beside a
checkpoint.
`agent/` is the Python worker and shares no code with the server side.
"""

import os

# Read when grpc is first imported. Without it, gRPC's fork handlers run, and complain, at every child that git or a
# regular-expression search is started in.
os.environ.setdefault("GRPC_ENABLE_FORK_SUPPORT", "0")
