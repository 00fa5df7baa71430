"""Buildbot 4.3 as the peer: an environment of its own, a master and workers as its manual sets them up."""
