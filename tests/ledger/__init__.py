"""Facts about the ledger: what it keeps, for whom, and what it does when it can't."""
