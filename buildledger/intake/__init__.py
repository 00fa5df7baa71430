"""Outside → commands, where the outside isn't the API: pollers, whoever wakes them, and the time that artifacts have.

Executes what `sources/` plans, puts people's words into the vault, and tells the ledger what it saw by commands whose
repetition decides nothing. Never writes facts itself, and never decides what is built.
"""
