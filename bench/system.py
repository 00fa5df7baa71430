"""What a case needs of a system under measurement: the port that both adapters fill."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol


@dataclass(frozen=True, kw_only=True)
class Setup:
    """The same work for both: `builders` builders of one step, each built by every change."""

    builders: int
    command: tuple[str, ...]
    """The step's argv."""
    workers: int
    """Worker processes."""
    capacity: int
    """Builds at once on each."""
    other_workers: tuple[str, ...] = ()
    """Workers that the server is to know and a case starts itself, each with a capacity of 1. Build Ledger only."""
    worker: str = "python"
    """Which of Build Ledger's workers: `python` or `go`. Buildbot has one."""


class System(Protocol):
    """A running server with its workers connected, on loopback."""

    name: str
    server_pid: int

    def submit_change(self, number: int) -> None:
        """Hand in a change over HTTP, as a webhook would; returns when the server has answered 2xx."""

    def finished_builds(self) -> int:
        """How many builds are complete, asked of the system's own API."""

    def failed_builds(self) -> int:
        """How many of them did not succeed."""

    def fetch_last_log(self) -> int:
        """Download the newest build's whole log; its size in bytes."""

    def stop(self) -> None:
        """End all processes."""
