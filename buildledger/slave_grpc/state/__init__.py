"""What the ledger says that sessions act on: open operations, connections and credentials in force."""
