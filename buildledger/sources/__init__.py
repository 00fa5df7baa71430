"""Everything Build Ledger knows about version-control systems: one place for each, a file or a folder.

Plans and parses: what to run, with which arguments and environment, and what the answer means. Executes no command,
opens no file, keeps no state. Whatever comes from outside (names of branches, revisions, addresses) is checked here.
"""
