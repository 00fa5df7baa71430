"""Workers that are sound but for one fault each: the real worker with one thing changed, started as its own program.

Each file says which fault it is; `test_broken_workers.py` says which cases must notice it, and that no other does.
"""
