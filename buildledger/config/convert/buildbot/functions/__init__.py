"""Functions of a `master.cfg` over the properties of a build → expressions, as far as they are simple.

A function is never called: its text is read, with what it means by the names around it. What it does to a property that
only a build knows becomes CEL; everything else is worked out here. Whatever isn't understood is refused as a whole.
"""
