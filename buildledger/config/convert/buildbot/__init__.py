"""Buildbot's `master.cfg` → a configuration file, and a page of what wasn't converted.

`extraction/` is run by the user's own Python beside their own Buildbot, and prints the loaded configuration as JSON.
Everything else here reads that JSON: `described.py` is its shape, `conversion.py` the way through, and there is one
file for each kind of thing (workers, locks, builders, steps, sources, …).
"""
