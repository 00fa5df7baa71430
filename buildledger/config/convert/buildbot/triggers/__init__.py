"""Buildbot's schedulers, one file a family, become triggers."""
