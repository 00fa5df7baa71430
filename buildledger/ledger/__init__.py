"""How facts are kept: one append-only ledger, its followers, its proofs, and the vault for words about people.

Built on the seams of the `eventsourcing` library, which no other room may import. This room decides nothing (that is
`domain/`) and knows no reader's rows (that is `projections/`). What it answers is durable; what it can't keep it
refuses loudly.
"""
