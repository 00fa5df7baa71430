"""Keep what steps print: large, compressed, indexed bytes that stand outside the ledger.

The room stores logs behind the port `store.LogStore` and answers ranges of lines, ranges of bytes and searches. It
knows logs only by id: which build a log belongs to is a fact, and who may read it is decided at the edges. It never
writes to the ledger and never interprets the bytes (no encoding, no colours).
"""
