"""Test reports → test results: what other programs write about their tests, read with limits and without trust.

Pure: bytes in, results out. Nothing here opens a file, knows a build, or follows what a report refers to.
"""
