"""Facts → rows: read models on SQLAlchemy Core, rebuildable from nothing, readable as of any position of the ledger.

Each projection folds a batch of facts into system-versioned rows (`since`, `until`) and moves its position in the same
transaction. Nothing here decides or sends commands, and nothing else writes these tables. A projection that fails stops
where it is and says so in health; it never skips a fact.
"""
