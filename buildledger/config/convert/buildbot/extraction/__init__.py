"""Loads a `master.cfg` with the Buildbot that is installed beside it, and prints what it found as JSON.

This is run by the user's Python, not by Build Ledger's: it needs Python 3.8 and a Buildbot from 2.0 to 4.x, imports
nothing but the standard library and Buildbot, starts no master and writes nothing but its output: `run.py`.
"""
