"""Texts that facts carry, as they were stored: golden texts and the shape of them for each format.

`KIND.N.jsonl` holds texts of format N, a line each; a line is never changed once it is committed. `KIND.N.shape.json`
says which fields, types and defaults that format has. Texts of an earlier format have `KIND.N.reads-as.jsonl` beside
them: what they have to be read as.

`python -m tests.golden.stored.record` adds to the newest format what is missing: a line that shows what
`everything.yaml` uses, and in the shape what no former text can mean (a further kind of step). For any other change of
the shape the format's number has to be raised.
"""
