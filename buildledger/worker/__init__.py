"""The Python worker: does on its machine what the server wants done, and loses none of what came of it.

It converges to the desired state that the server sends, keeps every event in a journal until the server has it, and
owns the process trees of its runs. It imports nothing of Build Ledger but `grpc_protos`, so that a worker installs
small; it decides nothing about builds, and it keeps no secret on disk except its own credential.
"""
