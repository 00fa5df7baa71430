"""The worker as a service of Windows."""

from __future__ import annotations

from pathlib import Path
from uuid import uuid4

import pytest

from tests.wine.site import Site, configuration
from tests.wine.windows import Windows, processes, windows_path

pytestmark = pytest.mark.xdist_group("wine")

WORKER = "served"


def test_the_service_manager_starts_and_stops_it(
    windows: Windows, worker_program: Path, checks: Path, tmp_path: Path
) -> None:
    """It builds while it runs, hears that it is to stop, ends what runs, and says so in its log."""
    # one of its own: a run that was broken off leaves its service in the prefix
    name = f"buildledger-{uuid4().hex}"
    play = [windows_path(checks / "processes.test.exe"), "__child"]
    builders = {
        "quick": (WORKER, {"steps": [{"run": [*play, "print", "served"]}]}),
        "long": (WORKER, {"steps": [{"run": [*play, "tree", "2", "cmd-service"]}]}),
    }
    with Site(tmp_path / "site", configuration(builders)) as site:
        state = tmp_path / "der zustand"
        command = f'"{windows_path(worker_program)}" --service --server {site.grpc} --name {WORKER}'
        command += f' --state "{windows_path(state)}" --capacity 2 --token {site.token(WORKER)}'

        def control(*words: str) -> str:
            return windows.run("sc", *words, directory=tmp_path)

        control("create", name, "binPath=", command, "start=", "demand")
        try:
            control("start", name)
            quick = site.build_of(site.force("quick"))
            assert site.result_of(quick) == "success"
            assert list(site.logs_of(quick).values()) == [b'["served"]\n']
            site.build_of(site.force("long"))
            site.wait_until(lambda: len(processes("cmd-service")) >= 2, "the long step runs")
            control("stop", name)
            site.wait_until(lambda: processes(state.name) == [], "the worker has ended")
            assert processes("cmd-service") == []
            assert "enrolled" in (state / "worker.log").read_text()
        finally:
            control("stop", name)
            control("delete", name)
