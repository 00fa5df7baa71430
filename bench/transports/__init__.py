"""The same job over three ways to carry it: our gRPC stream, a message broker, and AMP through OpenSSH.

`python -m bench.transports` runs them in turn and prints what docs/decisions quotes. It is a comparison for one
decision, not a part of `make bench`. Sender and receiver are processes of their own in Python for all three, so that
the language costs the same; `job.py` is what they share.
"""
