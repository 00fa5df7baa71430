"""Tests of the Python worker against a scripted server on loopback, over real sockets, with real processes."""
