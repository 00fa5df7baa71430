"""The way in from other systems: their configuration, already read, becomes a configuration file of Build Ledger.

Pure: text and data in, text and an account of everything out. Whoever calls it has read the foreign configuration and
writes what comes back; this room starts no process and touches no directory. What can't be said in the format is never
dropped in silence: it is in the account, with its place, the reason, and what to do instead.
"""
