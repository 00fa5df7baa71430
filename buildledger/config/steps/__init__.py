"""Kinds of steps, one file a kind: how it stands in the file, what is checked of it, and what is stored of it.

A new kind is a file here, its program in `buildledger/steps/` under the same name, and a line in `kinds.py`
(docs/contributing/add-a-step.md). `step.py` has what all kinds share, `expansion.py` treats the steps of a builder.
"""
