"""Build Ledger measured beside Buildbot, on the same machine, in one run, interleaved.

Each case starts both systems with the same work and says what it took: wall time and the server's own CPU time. It
measures and reports; it asserts nothing. See `README.md` for how to read the table.
"""
