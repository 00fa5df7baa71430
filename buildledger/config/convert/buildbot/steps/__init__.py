"""Buildbot's steps, one file a family. `kinds.py` knows which class goes where."""
