"""Histories as they were stored: every version of Build Ledger must still read them and come to the same states.

One file a stream, a line a fact, in the order of versions. A line, once committed, is never changed: that would be
changing history. `python -m tests.golden.record` adds histories for stories that have none yet, and with `--states`
writes the expected states anew, for when an aggregate remembers more than before.
"""
