"""What a step does: step programs, which ask for worker operations and effects and never perform them.

A program is a generator that is replayed after a crash, so this room does no I/O, reads no clock, makes no random
number and keeps no state outside its generators. Who runs the programs is `reactors/`; who performs the operations is
the worker.
"""
