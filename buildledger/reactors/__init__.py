"""Facts → commands: requesting, assigning and running builds, and noticing what was lost.

A reactor folds facts into memory that is bounded by open work, and wishes for commands when that memory says that
something is left to do. It never acts on one fact alone: after a crash the same memory gives the same wishes, and the
rules of `domain/` make repeating them harmless. This room writes nothing but commands and checkpoints, performs nothing
on workers, and knows nothing of `projections/`.
"""
