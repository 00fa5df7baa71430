"""What the server sets for all runs of a worker."""

from dataclasses import dataclass


@dataclass(kw_only=True)
class ServerSettings:
    """Sizes and times that each session's Welcome may change; these are the values before the first session."""

    chunk_bytes: int = 1 << 16
    """Output is sent in pieces of this size."""
    flush_seconds: float = 0.1
    """Output that doesn't fill a chunk is sent after this time."""
    orphan_seconds: float = 0.0
    """How long runs may go on while no server is connected; 0: for ever."""
