"""Declarative configuration: one YAML file becomes one immutable `Configuration`, or a list of positioned problems.

`load.py` is the way in, `resolved.py` is what everybody else consumes, `evaluation/evaluate.py` turns the values that
are left open (inputs, properties, expressions) into plain data when a build is put together.

This room reads files, and asks Vault for secrets: it starts no process, talks to nobody else, appends no fact, and
never guesses what the author of a file may have meant. What it can't build it refuses by name.
"""
