"""Which server processes live, and which of them does what only one may do.

On PostgreSQL several servers share one ledger; each holds a lease in the database, by the database's clock. With SQLite
a server is alone. Nothing here knows what the servers do: `composition` joins it with that.
"""
