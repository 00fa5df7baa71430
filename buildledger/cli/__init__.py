"""The command line: one file a noun. It reads arguments, calls one thing, and prints what came of it.

Exit codes: 0 all is well; 1 it failed, with one readable line; 2 the arguments are wrong, or (`config diff`) there are
differences.
"""
