"""The API over a real ledger, real read models, a real vault and a real log store."""
