"""The vocabulary of cases: each class is one kind of step, its fields are what the step takes, `play` is what it does.

A step's docstring is its documentation (`buildledger conformance --vocabulary` prints them all). A step touches the
worker only through the stage, and says what it missed in one sentence that a stranger to the case understands.
"""
