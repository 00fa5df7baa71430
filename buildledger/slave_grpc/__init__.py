"""The worker service, server side: the gRPC services that workers call.

`identity/` enrolls and authenticates workers, `sessions/` turns open operations into each worker's desired state and
what workers report into log bytes and commands, `blobs/` transfers files; `state/` follows the ledger for all of them,
`wire/` translates between facts and messages. Only what is durable is acknowledged. The room decides nothing (that is
`domain/`) and stores nothing of its own beside a checkpoint.
"""

import os

# Read when grpc is first imported. Without it, gRPC's fork handlers run, and complain, at every child that git or a
# regular-expression search is started in.
os.environ.setdefault("GRPC_ENABLE_FORK_SUPPORT", "0")
