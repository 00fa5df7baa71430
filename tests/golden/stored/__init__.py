"""Texts that facts carry, as they were stored: a golden text and the shape of it for each format.

`KIND.N.json` is a text of format N and is never changed once it is committed; `KIND.N.shape.json` says which fields,
types and defaults that format has. A text of an earlier format has `KIND.N.reads-as.json` beside it: what it has to be
read as. `python -m tests.golden.stored.record` writes what is missing for the newest formats, and changes nothing.
"""
