"""The worker service: the only door through which workers come in, and the only room that speaks gRPC.

It turns open operations into each worker's desired state, and what workers report into log bytes and commands; it
acknowledges only what is durable. It decides nothing (that is `domain/`) and keeps nothing of its own beside a
checkpoint.
`agent/` is the Python worker and shares no code with the server side.
"""
