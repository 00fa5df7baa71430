"""Tools for tests of step kinds, version-control systems and other parts that are added to Build Ledger.

A clock that moves when it is told to (`clock`), configurations from texts (`configuration`), cancelling a
coroutine wherever it waits (`cancellation`), an executor that performs
a step's operations on this machine without server or worker (`step_executor`), and comparing read models (`views`).
Nothing else in the package uses them.
"""
