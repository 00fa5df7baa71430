"""The worker in Python: runs builds on its machine for a server, and delivers every result exactly once.

It converges to the desired state that the server sends, keeps every event in a journal until the server has it, and
owns the process trees of its runs. It imports nothing of Build Ledger but `grpc_protos`, so that a worker installs
small; it decides nothing about builds, and it keeps no secret on disk except its own credential.
"""
