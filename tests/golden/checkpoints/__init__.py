"""What each version of each checkpoint holds: `NAME.VERSION.json` has its shape, and its content after all stories.

A file, once committed, is never changed. `python -m tests.golden.checkpoints.record` writes those of versions that
have none.
"""
