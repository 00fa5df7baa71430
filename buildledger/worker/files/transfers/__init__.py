"""Blobs between build directories and the server: fetched, verified and placed; found and uploaded."""
