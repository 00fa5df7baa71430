"""The vocabulary of cases: each class is one kind of step, with its fields and, in `execute`, what it does.

A step's docstring is its documentation (`buildledger conformance --vocabulary` prints them all). A step touches the
worker only through the context, and says what it missed in one sentence that a stranger to the case understands.
"""
