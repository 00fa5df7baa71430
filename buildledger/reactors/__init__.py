"""Facts → commands: triggering, scheduling and running builds, and noticing workers that are gone.

A reactor folds facts into state whose size follows open work, and gives the commands that this state calls for. It
never acts on one fact alone: after a crash the same state gives the same commands, and the rules of `domain/` make
repeating them harmless. This room writes nothing but commands and checkpoints, performs nothing on workers, and doesn't
import `projections/`.
"""
