"""SQLite's shared memory is cut under a running server: the kernel ends it, and a new start finds all facts."""

from __future__ import annotations

import signal
from pathlib import Path

import httpx

from tests.faults.installation import installation, wait_until


def test_a_server_ends_and_starts_again(tmp_path: Path) -> None:
    """It can't be caught, so there is no error of ours; nothing is lost, and the ledger verifies."""
    with installation(tmp_path, "version: 1\n") as server:
        client = server.start_server()
        for path in server.state.rglob("*-shm"):
            with path.open("r+b") as file:
                file.truncate(0)

        def ended() -> bool:
            try:
                client.get("/builds")
            except httpx.TransportError:
                return not server.server_runs
            return False

        wait_until(ended, "the server ends")
        assert server.server_exit_code == -signal.SIGBUS
        again = server.start_server()
        assert again.get("/builds").status_code == httpx.codes.OK
        server.verify()
