"""Version 1 of the worker protocol: the definition and its generated messages and stubs."""
