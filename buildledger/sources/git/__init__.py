"""Git: addresses, names, hardened commands, checkouts in every mode, polling, history, and what its errors mean.

Works with git 2.31 and later, SHA-1 and SHA-256. Nothing that comes from a repository or a person is ever in a place
where git could take it for an option, a transport or a shell command.
"""
