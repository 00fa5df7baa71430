"""What each version of each projection makes of a recorded history: `NAME.VERSION.json` holds its rows, by table.

`history.jsonl` was played by a simulated installation once and is never changed; nor are the files, once committed.
`python -m tests.golden.projections.record` writes the rows of versions that have none.
"""
