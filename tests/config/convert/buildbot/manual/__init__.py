"""Buildbot's own manual, sample by sample: each is completed to a whole `master.cfg`, loaded by Buildbot and converted.

    python -m tests.config.convert.buildbot.manual .../buildbot/master --python .../bin/python

The argument is the directory `master` of Buildbot's repository, whose `docs` have the samples; nothing of it is kept
here. `samples.py` finds them, `printed.py` makes Python of what is printed, and `trial.py` has each loaded, converted
and checked. `taken_for_granted.py` and `completion.py` go along with a sample into the Python that has Buildbot: they
give it what its page takes for granted, and put what it makes into a configuration.
"""
