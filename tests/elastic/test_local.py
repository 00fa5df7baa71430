"""The driver `local`: real processes, found again by their mark."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import AsyncIterator, Callable
from pathlib import Path
from uuid import uuid4

import psutil
import pytest

from buildledger.config.machines import LocalStart
from buildledger.elastic.driver import Gateway, Machine, MachineStatus, StartError
from buildledger.elastic.local import LocalDriver

DEADLINE_SECONDS = 60.0
INSTALLATION = uuid4().hex
"""Of this process alone: all that bears its mark is killed, on the whole machine."""
GATEWAY = Gateway("127.0.0.1:1", secured=False)
WORK = 'trap "" HUP; echo "$$ $*" >> {notes}; env | grep TOKEN >> {notes}; sleep 600 & wait'


def machine(*command: str, start: int = 1, **settings: object) -> Machine:
    return Machine(
        installation=INSTALLATION,
        worker="w",
        start=start,
        settings=LocalStart(capacity=2, command=command, **settings),  # type: ignore[arg-type]
    )


def shell(script: str, **settings: object) -> Machine:
    return machine("/bin/sh", "-c", script, "worker", **settings)  # type: ignore[arg-type]


@pytest.fixture
async def drivers(tmp_path: Path) -> AsyncIterator[list[LocalDriver]]:
    """Two processes of one server, as far as the driver knows; nothing is left of what they start."""
    both = [LocalDriver(tmp_path / "elastic", GATEWAY) for _ in range(2)]
    yield both
    for start in (1, 2):
        await both[0].stop(machine(start=start), force=True)


async def until(driver: LocalDriver, wanted: Machine, state: str) -> MachineStatus:
    """Look until the machine is found in a state."""
    deadline = time.monotonic() + DEADLINE_SECONDS
    while (status := await driver.inspect(wanted)).state != state:
        assert time.monotonic() < deadline, f"waited for {state}, found {status}"
        await asyncio.sleep(0.02)
    return status


async def until_true(condition: Callable[[], bool]) -> None:
    """Look until it holds."""
    deadline = time.monotonic() + DEADLINE_SECONDS
    while not condition():
        assert time.monotonic() < deadline
        await asyncio.sleep(0.02)


def lines_of(notes: Path) -> list[str]:
    return notes.read_text().splitlines() if notes.exists() else []


async def noted(notes: Path, lines: int) -> list[str]:
    """What the worker wrote down, once there is so much of it."""
    await until_true(lambda: len(lines_of(notes)) >= lines)
    return lines_of(notes)


def alive(pid: int) -> bool:
    """Whether a process is there and isn't only waiting to be buried."""
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


async def test_a_worker_is_told_all_it_needs_and_no_secret_in_its_arguments(
    drivers: list[LocalDriver], tmp_path: Path
) -> None:
    """Server, name, state and capacity stand in its arguments, the token in its environment."""
    notes = tmp_path / "notes"
    wanted = shell(WORK.format(notes=notes))
    await drivers[0].start(wanted, "ble_token")
    arguments, token = await noted(notes, 2)
    state = tmp_path / "elastic" / "w" / "worker"
    assert arguments.split(maxsplit=1)[1] == f"--server 127.0.0.1:1 --name w --state {state} --capacity 2"
    assert token == "BUILDLEDGER_WORKER_TOKEN=ble_token"


async def test_a_machine_is_started_once_whoever_tries(drivers: list[LocalDriver], tmp_path: Path) -> None:
    """Even when two processes of a server try at the same moment, or one that doesn't know of the first try."""
    notes = tmp_path / "notes"
    wanted = shell(WORK.format(notes=notes))
    await asyncio.gather(*(driver.start(wanted, "ble_token") for driver in drivers * 3))
    found = {await driver.inspect(wanted) for driver in drivers}
    (pid, *_) = (await noted(notes, 2))[0].split()
    assert found == {MachineStatus("running", f"process {pid}")}
    assert len(lines_of(notes)) == 2


async def test_a_home_may_be_relative_to_where_the_server_was_started(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The worker is started elsewhere, and has its directory there all the same."""
    monkeypatch.chdir(tmp_path)
    driver = LocalDriver(Path("relative"), GATEWAY)
    wanted = shell("pwd > here; sleep 600 & wait")
    await driver.start(wanted, "t")
    folder = tmp_path / "relative" / "w"
    assert await noted(folder / "here", 1) == [str(folder)]
    assert (await driver.inspect(wanted)).state == "running"
    await driver.stop(wanted, force=True)


async def test_another_server_finds_and_stops_it(drivers: list[LocalDriver], tmp_path: Path) -> None:
    """Asked to go, it may take its leave."""
    notes = tmp_path / "notes"
    wanted = shell(f'trap "echo gone; exit 3" TERM; echo ready > {notes}; sleep 600 & wait')
    await drivers[0].start(wanted, "t")
    await noted(notes, 1)
    await until(drivers[1], wanted, "running")
    await drivers[1].stop(wanted, force=False)
    assert (await until(drivers[0], wanted, "ended")).detail == "exited with 3: gone"
    assert (await drivers[1].inspect(wanted)).detail.endswith("has ended: gone")


async def test_by_force_everything_it_has_started_goes_with_it(drivers: list[LocalDriver], tmp_path: Path) -> None:
    """Also what has made a session of its own; a process that isn't marked is left alone."""
    notes = tmp_path / "notes"
    wanted = shell(f'trap "" TERM; setsid sh -c "echo \\$\\$ > {notes}; sleep 600" & sleep 600 & wait; wait')
    await drivers[0].start(wanted, "t")
    stranger = int((await noted(notes, 1))[0])
    await drivers[0].stop(wanted, force=False)
    await drivers[0].stop(wanted, force=True)
    await until(drivers[0], wanted, "ended")
    await until_true(lambda: not alive(stranger))


async def test_a_number_that_is_used_again_is_not_mistaken(drivers: list[LocalDriver], tmp_path: Path) -> None:
    """A process that has the number of an old machine but not its mark is somebody else, and isn't stopped."""
    folder = tmp_path / "elastic" / "w"
    folder.mkdir(parents=True)
    (folder / "start-1.pid").write_text(f"{os.getpid()}\n")
    wanted = machine()
    assert (await drivers[0].inspect(wanted)).state == "ended"
    await drivers[0].stop(wanted, force=True)


async def test_why_it_could_not_start_is_told(drivers: list[LocalDriver], tmp_path: Path) -> None:
    """A program that isn't there, one that ends at once, a directory that can't be written to."""
    missing = machine("/nonexistent/worker")
    await drivers[0].start(missing, "t")
    assert "exited with 127" in (await until(drivers[0], missing, "ended")).detail
    failing = shell("echo first; echo 'no such host: nowhere' >&2; exit 2", start=2)
    await drivers[0].start(failing, "t")
    assert (await until(drivers[0], failing, "ended")).detail == "exited with 2: no such host: nowhere"
    assert not (tmp_path / "elastic" / "w" / "start-1.pid").exists()
    blocked = LocalDriver(tmp_path / "file" / "below", GATEWAY)
    (tmp_path / "file").touch()
    with pytest.raises(StartError, match="no process can be started"):
        await blocked.start(machine(), "t")


@pytest.mark.parametrize(
    ("gateway", "reason"),
    [
        (Gateway("", secured=False), "doesn't listen for workers"),
        (Gateway("127.0.0.1:8011", secured=True), "has a certificate"),
    ],
)
async def test_a_worker_that_could_not_connect_is_not_started(tmp_path: Path, gateway: Gateway, reason: str) -> None:
    """Because this process has no worker port, or the worker hasn't been told to check its certificate."""
    with pytest.raises(StartError, match=reason):
        await LocalDriver(tmp_path, gateway).start(machine(), "t")


async def test_the_server_s_environment_is_not_handed_down(
    drivers: list[LocalDriver], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It may hold the secrets that the server gives to single steps."""
    monkeypatch.setenv("BUILDLEDGER_SECRET_PYPI", "hush")
    notes = tmp_path / "notes"
    wanted = shell(f"env > {notes}.new; mv {notes}.new {notes}; sleep 600")
    await drivers[0].start(wanted, "t")
    names = {line.partition("=")[0] for line in await noted(notes, 2)}
    assert "PATH" in names
    assert "BUILDLEDGER_SECRET_PYPI" not in names


class Others:
    """Set by hand."""

    def __init__(self, *here: Path, elsewhere: tuple[str, ...] = ()) -> None:
        self._here, self._elsewhere = here, elsewhere

    def here(self) -> tuple[Path, ...]:
        """As given."""
        return self._here

    def elsewhere(self) -> tuple[str, ...]:
        """As given."""
        return self._elsewhere


async def test_what_another_server_of_this_machine_started_is_found_and_stopped(
    tmp_path: Path, drivers: list[LocalDriver]
) -> None:
    """The server that led is gone: its process isn't started a second time, and goes when it is to go."""
    notes = tmp_path / "notes"
    wanted = shell(WORK.format(notes=notes))
    await drivers[0].start(wanted, "token")
    await noted(notes, 2)
    successor = LocalDriver(tmp_path / "another" / "elastic", GATEWAY, Others(tmp_path / "elastic"))
    running = await until(successor, wanted, "running")
    assert running == await drivers[0].inspect(wanted)
    await successor.stop(wanted, force=True)
    await until(successor, wanted, "ended")
    stranger = LocalDriver(tmp_path / "another" / "elastic", GATEWAY, Others(elsewhere=("ci-2 (/var/lib)",)))
    found = await stranger.inspect(wanted)
    assert found == MachineStatus("elsewhere", "no trace of it here; it may run on ci-2 (/var/lib)")


async def test_directories_of_workers_that_are_no_more_go(drivers: list[LocalDriver], tmp_path: Path) -> None:
    """Read-only ones too; not those that were used lately, whose worker runs, that are somebody else's, nor links."""
    home, long_ago = tmp_path / "elastic", time.time() - 31 * 86_400
    for name, pid, used in (("w", 0, long_ago), ("gone", 0, long_ago), ("lately", 0, time.time())):
        _left(home / name, pid, used)
    _left(home / "runs", os.getpid(), long_ago)
    _left(tmp_path / "outside", 0, long_ago)
    (home / "other").mkdir()
    (home / "link").symlink_to(tmp_path / "outside")
    await drivers[0].forget(machine())
    assert sorted(path.name for path in home.iterdir()) == ["lately", "link", "other", "runs", "w"]
    assert (tmp_path / "outside" / "worker" / "locked" / "file").exists()


def _left(directory: Path, pid: int, used: float) -> None:
    """What a worker leaves that had this number and was started then."""
    locked = directory / "worker" / "locked"
    locked.mkdir(parents=True)
    (locked / "file").touch()
    (directory / "worker" / "link").symlink_to(directory.parent.parent / "outside")
    locked.chmod(0o500)
    claim = directory / "start-1.pid"
    claim.write_text(f"{pid or 1 << 30}\n")
    os.utime(claim, (used, used))
