"""Elastic workers: starts and stops machines as the facts say, and reports what came of it.

An edge, as the worker service is one: reactors decide that a worker is wanted, or not any more; this room brings it
about by a driver (`local`, `ssh`, `kubernetes`) and reports. It decides nothing that would have to be remembered:
whatever a driver needs to find a machine again comes from the facts and from the machine itself. What the workers do is
no matter here; they connect to the worker service like any others.
"""
