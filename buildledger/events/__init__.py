"""What happened: one file per stream, frozen fact classes and nothing else.

A fact is past tense, immutable and stored for ever under an explicit versioned name (`catalogue.py`). This room does no
I/O, reads no clock, makes no random number, and decides nothing; deciding is `domain/`.
"""
