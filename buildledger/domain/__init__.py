"""What may happen: one file per aggregate, with its state, its commands, `decide` and `evolve`.

Builds and workers have the two functions in a file beside it, `build_rules.py` and `worker_rules.py`.

Pure: no I/O, no clock, no random number; times and ids are arguments. A rule that says no raises one class of
`refusals.py`. This room knows facts (`events/`) and nothing above itself.
"""
