"""Deliberate faults: each is applied to a copy of the repository, where a test has to fail for it (`make mutants`).

A test that stays green over a fault of what it claims to show is none. The kept lists are in `faults/`, one a room.
"""
