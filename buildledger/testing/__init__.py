"""Tools for tests of step kinds, version-control systems and other parts that are added to Build Ledger.

A clock that moves when it is told to (`clock`), and an executor that performs a step's operations on this machine
without server or worker (`step_executor`). Nothing else in the package uses them.
"""
