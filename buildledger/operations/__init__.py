"""The operations that the server does itself for a build: finding artifacts, reading test reports.

They are requested and ended by the same facts as a worker's operations, so that step programs don't tell them apart.
The room follows the ledger for those that are open, performs them, and records how they ended; whether the build's
worker is connected, away or lost doesn't matter. An operation that wasn't recorded before the process ended is open
still, and performed again by the next one. A new kind of operation is one performer and one line in `ServerOperations`.
The room must not talk to workers, and decides nothing about builds (that is `steps/` and `domain/`).
"""
