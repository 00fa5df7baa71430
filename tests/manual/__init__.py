"""The manual's examples, each loaded, applied to a real server and built."""
