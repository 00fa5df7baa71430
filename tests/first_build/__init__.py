"""The first build of a repository in two commands, as somebody has it who has just installed Build Ledger.

`projects/` has small, real projects of each language, a file each: what is committed, what `init` says of it, and what
the build comes to. `two_commands.py` types the commands.
"""
