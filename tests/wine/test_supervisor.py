"""Workers and supervisors that are killed in the middle of a step."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.wine.site import Site, WindowsWorker, configuration
from tests.wine.windows import Windows, processes, windows_path

pytestmark = pytest.mark.xdist_group("wine")

LINES = 5_000
EXIT_CODE = 9
OUTPUT = "".join(f"{part}.{line}\n" for part in range(2) for line in range(LINES)).encode()
WORKERS = ["no-server", "goes-on", "ends-alone", "is-stopped", "kill", "both", "supervisor"]


class Bench:
    """One server, and for each test a worker with a builder whose step waits for a gate."""

    def __init__(self, site: Site, windows: Windows, program: Path, directory: Path) -> None:
        self.site = site
        self._windows, self._program, self._directory = windows, program, directory

    def worker(self, name: str) -> WindowsWorker:
        """The worker of this name, not started."""
        return WindowsWorker(self.site, self._windows, self._program, name, self._directory / name)

    def begun(self, name: str) -> str:
        """Force the build of a worker, and wait until its step runs and has written."""
        build = self.site.build_of(self.site.force(name))
        self.site.wait_until(lambda: self._written(build) >= len(OUTPUT) // 2, "half of the output is there")
        return build

    def open_gate(self, name: str) -> None:
        """Let the step of a worker go on."""
        gate(self._directory, name).touch()

    def command(self, name: str) -> list[int]:
        """The processes of a worker's step, the supervisor not among them."""
        return processes(f"cmd-{name}")

    def supervisor(self, name: str) -> list[int]:
        """The supervisor of a worker's step."""
        return processes(f"{windows_path(self._directory / name / 'state' / 'supervised')}\\")

    def outcome(self, build: str) -> tuple[str, int | None, bytes]:
        """How the only step of a build ended, with all it wrote."""
        result = self.site.result_of(build)
        operation = self.site.get(f"/builds/{build}")["steps"][0]["operations"][0]
        return result, operation["exit_code"], b"".join(self.site.logs_of(build).values())

    def _written(self, build: str) -> int:
        return sum(map(len, self.site.logs_of(build).values()))


def gate(directory: Path, name: str) -> Path:
    """The file that a step waits for."""
    return directory / f"gate-{name}"


@pytest.fixture(scope="module")
def bench(
    windows: Windows, worker_program: Path, checks: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Bench]:
    """All that the tests of this module share."""
    directory = tmp_path_factory.mktemp("grüner tisch")
    play = [windows_path(checks / "processes.test.exe"), "__child", "gate"]
    builders: dict[str, tuple[str, dict[str, Any]]] = {
        name: (name, {"steps": [{"run": [*play, windows_path(gate(directory, name)), f"cmd-{name}"]}]})
        for name in WORKERS
    }
    with Site(directory / "site", configuration(builders)) as site:
        yield Bench(site, windows, worker_program, directory)


def test_a_step_goes_on_without_its_worker(bench: Bench) -> None:
    """The worker is killed hard and started again: the same process goes on, and no byte is lost or doubled."""
    with bench.worker("goes-on").running() as worker:
        build = bench.begun("goes-on")
        before = bench.command("goes-on")
        worker.kill()
        worker.start()
        assert bench.command("goes-on") == before != []
        bench.open_gate("goes-on")
        assert bench.outcome(build) == ("failure", EXIT_CODE, OUTPUT)
    assert bench.supervisor("goes-on") == []


def test_a_step_survives_the_server(bench: Bench) -> None:
    """The server is killed hard and started again: the step belongs to no connection, and goes on."""
    with bench.worker("no-server").running():
        build = bench.begun("no-server")
        before = bench.command("no-server")
        bench.site.kill()
        bench.site.start()
        assert bench.command("no-server") == before != []
        bench.open_gate("no-server")
        assert bench.outcome(build) == ("failure", EXIT_CODE, OUTPUT)


def test_a_step_ends_while_there_is_no_worker(bench: Bench) -> None:
    """Its exit code and all of its output wait for the next start of the worker."""
    with bench.worker("ends-alone").running() as worker:
        build = bench.begun("ends-alone")
        worker.kill()
        bench.open_gate("ends-alone")
        bench.site.wait_until(lambda: bench.supervisor("ends-alone") == [], "the step has ended")
        worker.start()
        assert bench.outcome(build) == ("failure", EXIT_CODE, OUTPUT)


def test_a_step_that_was_taken_up_can_be_stopped(bench: Bench) -> None:
    """A worker that didn't start a command can end it."""
    with bench.worker("is-stopped").running() as worker:
        build = bench.begun("is-stopped")
        worker.kill()
        worker.start()
        bench.site.stop(build)
        result, _, written = bench.outcome(build)
        assert (result, written) == ("cancelled", OUTPUT[: len(OUTPUT) // 2])
    assert bench.command("is-stopped") == []


def test_a_killed_worker_can_take_its_steps_along(bench: Bench) -> None:
    """With `--on-crash kill` no process is left of a worker that was killed hard, and its build is tried again."""
    with bench.worker("kill").running("--on-crash", "kill") as worker:
        build = bench.begun("kill")
        worker.kill()
        bench.site.wait_until(lambda: bench.command("kill") + bench.supervisor("kill") == [], "nothing is left")
        bench.open_gate("kill")
        worker.start("--on-crash", "kill")
        assert bench.site.result_of(build) == "retry"


def test_a_killed_supervisor_leaves_nothing(bench: Bench) -> None:
    """The system ends what ran under a supervisor that was killed hard, and the worker says what happened."""
    with bench.worker("supervisor").running():
        build = bench.begun("supervisor")
        (supervisor,) = bench.supervisor("supervisor")
        os.kill(supervisor, signal.SIGKILL)
        bench.site.wait_until(lambda: bench.command("supervisor") == [], "nothing is left")
        result, exit_code, written = bench.outcome(build)
        assert (result, exit_code, written) == ("retry", None, OUTPUT[: len(OUTPUT) // 2])


def test_worker_and_supervisor_killed_together(bench: Bench) -> None:
    """Nothing is left, and the next start of the worker delivers what was written."""
    with bench.worker("both").running() as worker:
        build = bench.begun("both")
        (supervisor,) = bench.supervisor("both")
        worker.kill()
        os.kill(supervisor, signal.SIGKILL)
        bench.site.wait_until(lambda: bench.command("both") == [], "nothing is left")
        worker.start()
        result, exit_code, written = bench.outcome(build)
        assert (result, exit_code, written) == ("retry", None, OUTPUT[: len(OUTPUT) // 2])
