"""Outside → commands, where the outside isn't the API: pollers of repositories, and the configuration file.

Runs what `sources/` plans, puts what people wrote into the vault, and tells the ledger what it saw by commands whose
repetition decides nothing. Never writes facts itself, and never decides what is built.
"""
