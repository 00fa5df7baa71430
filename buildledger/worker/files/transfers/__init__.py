"""Transfers of files between build directories and the server's blob store."""
