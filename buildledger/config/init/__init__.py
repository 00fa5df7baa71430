"""A first configuration for a repository, by what is committed in it: `buildledger init`.

Each language has a file with one function, from a `Tree` to a `Recipe` or nothing, and a line in `languages.py`.
`document.py` writes what they say as a configuration. Nothing here runs a program or writes a file.
"""
