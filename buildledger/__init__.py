"""Build Ledger: a continuous-integration server whose every state change is an immutable fact in one ledger.

The package's top level is the house of `ARCHITECTURE.md`: one folder a room, each with one purpose and one
direction of imports.
"""

__version__ = "0.1.0"
