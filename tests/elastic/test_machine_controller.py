"""One machine's controller, over a real ledger: what becomes of a driver's findings."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from datetime import timedelta
from pathlib import Path

import pytest

from buildledger.clock import SystemClock
from buildledger.config import machines
from buildledger.config.machines import LocalStart
from buildledger.domain.command import Command
from buildledger.domain.machine import EndMachine, StartMachine, StopMachine
from buildledger.domain.worker import ConnectWorker, PauseWorker
from buildledger.elastic.driver import Driver, Machine, MachineStatus, StartError, UnreachableError
from buildledger.elastic.fleet_state import FleetState, Wanted
from buildledger.elastic.jobs import KubernetesDriver
from buildledger.elastic.machine_controller import MachineController
from buildledger.events.fact import Fact
from buildledger.events.ids import ServerId, machine_id, worker_id
from buildledger.events.worker import PausedBy
from buildledger.ledger.ledger import Ledger
from buildledger.ledger.submission import Origin
from tests.elastic.kubernetes.replay import replay
from tests.elastic.kubernetes.scenarios import TOKEN
from tests.elastic.kubernetes.scenarios import machine as job_machine
from tests.fakes.worker_features import EVERYTHING

SYSTEM = Origin(actor="system")
Do = Callable[..., Awaitable[None]]
Meanwhile = Callable[[Do, Wanted], Coroutine[None, None, None]]
"""What happens beside the controller, given the machine as it is known."""


class Scripted:
    """The far end: a place whose machines do as the test says."""

    inspect_seconds = wait_seconds = 0.01

    def __init__(self, *script: MachineStatus | Exception, killed: MachineStatus | None = None) -> None:
        """`killed`: how it is found once it was killed, whatever else was to come."""
        self._script = list(script)
        self._killed = killed
        self.calls: list[str] = []

    def becomes(self, *script: MachineStatus | Exception) -> None:
        """From here on it is found like this."""
        self._script = list(script)

    async def start(self, machine: Machine, token: str) -> None:
        """See `Driver`."""
        self.calls.append(f"start with {token}")

    async def inspect(self, machine: Machine) -> MachineStatus:
        """See `Driver`: the last finding stays."""
        found = self._script.pop(0) if len(self._script) > 1 else self._script[0]
        if isinstance(found, Exception):
            raise found
        return found

    async def stop(self, machine: Machine, *, force: bool) -> None:
        """See `Driver`."""
        self.calls.append("kill" if force else "stop")
        if force and self._killed is not None:
            self.becomes(self._killed)

    async def forget(self, machine: Machine) -> None:
        """See `Driver`."""
        self.calls.append("forget")

    async def close(self) -> None:
        """See `Driver`."""


async def keep(
    directory: Path, driver: Driver, machine: Machine, meanwhile: Meanwhile | None = None, *, fresh: bool = True
) -> list[Fact]:
    """Have a machine started and running to its end; gives what was recorded about it."""
    clock = SystemClock()
    ledger = Ledger.open(f"sqlite:///{directory / 'ledger.db'}", clock=clock)
    state = FleetState()
    controllers: list[MachineController] = []

    async def do(*commands: Command) -> None:
        receipt = await ledger.execute(*commands, origin=SYSTEM)
        for position in receipt.positions:
            state.apply(ledger.read(position - 1, 1)[0])
        for controller in controllers:
            controller.wake()

    async def token(_: Machine) -> str:
        return TOKEN

    try:
        text = machines.to_json(machine.settings)
        for number in range(1, machine.start + 1):
            await do(StartMachine(worker=machine.worker, start=number, settings=text, reason="work"))
            if number < machine.start:
                stop = StopMachine(worker=machine.worker, start=number, reason="")
                await do(stop, _end(machine.worker, number, clock))
        wanted = state.machines[worker_id(machine.worker)]
        controllers.append(
            MachineController(wanted, machine, driver, clock=clock, execute=do, issue_token=token, fresh=fresh)
        )
        async with asyncio.timeout(60), asyncio.TaskGroup() as tasks:
            tasks.create_task(controllers[0].run())
            if meanwhile is not None:
                tasks.create_task(meanwhile(do, wanted))
        about = {machine_id(machine.worker), worker_id(machine.worker)}
        return [each.fact for each in ledger.read(0, 1000) if each.stream_id in about]
    finally:
        ledger.close()


def _end(worker: str, start: int, clock: SystemClock) -> EndMachine:
    first = timedelta(seconds=30)
    return EndMachine(worker=worker, start=start, reason="", at=clock.now(), first_quarantine=first)


def scripted(**settings: object) -> Machine:
    start = LocalStart(capacity=1, **settings)  # type: ignore[arg-type]
    return Machine(installation="x", worker="w", start=1, settings=start)


def said(facts: list[Fact]) -> list[str]:
    """The facts' names, with their reasons."""
    return [f"{fact.NAME.split('.')[1]} {getattr(fact, 'reason', '')}".strip() for fact in facts]


HELLO = ConnectWorker(
    worker="w",
    credential_digest=None,
    server_id=ServerId(worker_id("server")),
    boot_id="b",
    instance_id="i",
    version="1",
    os="linux",
    arch="x86_64",
    labels={},
    capacity=1,
    features=EVERYTHING,
    address="",
)


def arriving(*commands: Command, then: Callable[[], None] = lambda: None) -> Meanwhile:
    """The worker connects when its machine is started, and then this happens."""

    async def happen(do: Do, wanted: Wanted) -> None:
        while wanted.state.phase != "started":  # noqa: ASYNC110 - a fact is no event
            await asyncio.sleep(0.01)
        await do(HELLO)
        if commands:
            await do(*commands)
        then()

    return happen


RUNNING, ABSENT = MachineStatus("running", "process 7"), MachineStatus("absent")
ENDED = MachineStatus("ended", "exited with 1: out of memory")


async def test_an_image_that_can_not_be_pulled_is_the_reason_of_the_quarantine(tmp_path: Path) -> None:
    """The recorded answers of an API server: the Job is started, gives up, and is removed."""
    driver = KubernetesDriver()
    driver.wait_seconds = 0.01
    with replay("image", tmp_path) as played:
        facts = await keep(tmp_path, driver, job_machine(played.kubeconfig))
    await driver.close()
    reason = 'ImagePullBackOff: Back-off pulling image "registry.acme.example/worker:1"'
    assert said(facts)[-5:] == [
        "start_requested work",
        "started",
        f"start_failed {reason}",
        f"quarantined {reason}",
        "stopped it is gone",
    ]
    assert played.surprises == []


async def test_a_machine_that_is_there_already_is_not_started(tmp_path: Path) -> None:
    """Started by a server that died before it could say so."""
    driver = Scripted(RUNNING, ENDED)
    assert said(await keep(tmp_path, driver, scripted()))[:2] == ["start_requested work", "started"]
    assert driver.calls == ["forget"]


async def test_a_machine_that_ends_before_it_has_come_has_failed_to_start(tmp_path: Path) -> None:
    """With what it said last."""
    driver = Scripted(ABSENT, ENDED)
    assert said(await keep(tmp_path, driver, scripted())) == [
        "start_requested work",
        f"start_failed {ENDED.detail}",
        f"quarantined {ENDED.detail}",
        f"stopped {ENDED.detail}",
    ]
    assert driver.calls == [f"start with {TOKEN}", "forget"]


async def test_a_machine_that_ends_later_was_there_and_is_gone(tmp_path: Path) -> None:
    """It is running away for a while all the same."""
    driver = Scripted(ABSENT, RUNNING)
    facts = said(await keep(tmp_path, driver, scripted(), arriving(then=lambda: driver.becomes(ENDED))))
    assert facts[-2:] == [f"stopped {ENDED.detail}", f"quarantined {ENDED.detail}"]
    assert not any(fact.startswith("start_failed") for fact in facts)


async def test_one_that_is_asked_to_go_is_asked_once_and_then_killed(tmp_path: Path) -> None:
    """When its time is over. The pause that it asks for on its way ends with it."""
    driver = Scripted(ABSENT, RUNNING, killed=ABSENT)
    stop = StopMachine(worker="w", start=1, reason="idle for 60 s")
    pause = PauseWorker(worker="w", by=PausedBy.WORKER, reason="SIGTERM")
    facts = said(await keep(tmp_path, driver, scripted(stop_seconds=0.1), arriving(stop, pause)))
    assert facts[-4:] == [
        "stop_requested idle for 60 s",
        f"paused {pause.reason}",
        "stopped it is gone",
        "resumed",
    ]
    assert driver.calls == [f"start with {TOKEN}", "stop", "kill", "forget"]


@pytest.mark.parametrize(
    ("trouble", "reason"),
    [
        (UnreachableError("no route"), "the worker did not connect within 0.2 s (no route)"),
        (StartError("no such key"), "no such key"),
    ],
)
async def test_what_can_not_be_reached_is_tried_until_its_time_is_over(
    tmp_path: Path, trouble: Exception, reason: str
) -> None:
    """What can never be right is given up at once."""
    facts = said(await keep(tmp_path, Scripted(trouble), scripted(start_seconds=0.2)))
    assert facts[1:] == [f"start_failed {reason}", f"quarantined {reason}", "stopped nothing was started"]


async def test_what_may_have_been_started_is_looked_for_before_it_counts_as_gone(tmp_path: Path) -> None:
    """By an earlier process of the server, which died before it could say so."""
    trouble = UnreachableError("no route")
    driver = Scripted(trouble, trouble, MachineStatus("running", "process 7"), killed=ABSENT)
    machine = scripted(start_seconds=0.001, stop_seconds=0.0)
    facts = said(await keep(tmp_path, driver, machine, fresh=False))
    assert facts[1].startswith("start_failed")
    assert facts[-1] == "stopped it is gone"
    assert driver.calls[-2:] == ["kill", "forget"]


async def test_a_machine_that_can_not_be_reached_is_not_taken_for_gone(tmp_path: Path) -> None:
    """Its connection is cut: until somebody can look, nothing is concluded."""
    cut = UnreachableError("the connection was cut")
    driver = Scripted(ABSENT, RUNNING)
    happens = arriving(then=lambda: driver.becomes(cut, cut, RUNNING, ENDED))
    facts = said(await keep(tmp_path, driver, scripted(), happens))
    assert facts == ["start_requested work", "started", "connected", *facts[-2:]]


async def test_a_machine_of_another_server_is_not_taken_for_gone(tmp_path: Path) -> None:
    """A server on another machine started it and its worker came: this one, which leads now, starts none beside it."""
    elsewhere = MachineStatus("elsewhere", "no trace of it here; it may run on ci-2 (/var/lib)")
    driver = Scripted(ABSENT, RUNNING)
    happens = arriving(then=lambda: driver.becomes(elsewhere, elsewhere, RUNNING, ENDED))
    facts = said(await keep(tmp_path, driver, scripted(), happens))
    assert facts == ["start_requested work", "started", "connected", *facts[-2:]]
    assert "ci-2" not in " ".join(facts)
    assert sum(call.startswith("start") for call in driver.calls) == 1


async def test_a_start_that_left_no_trace_is_made(tmp_path: Path) -> None:
    """Whoever led before has asked for it, and nobody came: it is started here."""
    driver = Scripted(MachineStatus("elsewhere", "no trace of it here"), RUNNING)
    await keep(tmp_path, driver, scripted(), arriving(then=lambda: driver.becomes(ENDED)), fresh=False)
    assert sum(call.startswith("start") for call in driver.calls) == 1
