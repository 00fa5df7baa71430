"""Follows the ledger and has one controller for each machine that is to run."""

from __future__ import annotations

import asyncio
import hashlib
import logging
import secrets
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import NamedTuple

import msgspec

from buildledger.clock import Clock
from buildledger.config import machines
from buildledger.config.stored import UnreadableTextError, read_machine_settings
from buildledger.domain.command import Command
from buildledger.domain.enrollment import MAX_TOKEN_LIFE, IssueEnrollment
from buildledger.elastic.driver import Driver, Machine
from buildledger.elastic.fact_logging import log_fact
from buildledger.elastic.fleet_state import NAMES, VERSION, FleetState
from buildledger.elastic.machine_controller import MachineController
from buildledger.events.fact import Recorded
from buildledger.events.ids import WorkerId, worker_id
from buildledger.events.machine import MachineStartRequested
from buildledger.ledger.errors import StoreError
from buildledger.ledger.ledger import Ledger
from buildledger.ledger.store import Checkpoint
from buildledger.ledger.submission import Origin

CHECKPOINT_NAME = "elastic"
CHECKPOINT_FACTS = 20_000
PAGE_FACTS = 1_000
PAUSE_SECONDS = 1.0
TOKEN_BYTES = 24
TOKEN_SPARE = timedelta(minutes=1)
"""A token is good for a little longer than the worker may take."""
ACTOR = "system"

_log = logging.getLogger(__name__)


class RunningController(NamedTuple):
    """A controller that runs for one start of a machine."""

    start: int
    controller: MachineController
    task: asyncio.Task[None]


class Fleet:
    """All elastic workers of this installation; one process of the server may run it at a time."""

    def __init__(
        self, ledger: Ledger, clock: Clock, drivers: Mapping[str, Driver], whole_token: Callable[[str], str]
    ) -> None:
        """`drivers` by the name that the configuration has for them."""
        self._ledger = ledger
        self._clock = clock
        self._drivers = drivers
        self._whole_token = whole_token
        self._installation = ""
        self._state = FleetState()
        self._position = self._saved = 0
        self._controllers: dict[WorkerId, RunningController] = {}
        self._moved = asyncio.Condition()

    async def run(self) -> None:
        """Work until cancelled or the ledger closes; the machines go on without it."""
        try:
            await self._catch_up()
            for key in list(self._state.machines):
                self._ensure_controller(key, fresh=False)
            await self._follow()
        finally:
            await self._release()

    async def _catch_up(self) -> None:
        """Take up from the last checkpoint, and find out which machines should be there."""
        first = await asyncio.to_thread(self._ledger.read, 0, 1)
        said = f"{first[0].stream_id}\x1f{first[0].meta.command_id}" if first else ""
        self._installation = hashlib.sha256(said.encode()).hexdigest()[:16]
        checkpoint = await asyncio.to_thread(self._ledger.checkpoint, CHECKPOINT_NAME)
        if checkpoint is not None and checkpoint.version == VERSION:
            self._state = msgspec.json.decode(checkpoint.state, type=FleetState)
            self._position = self._saved = checkpoint.position
        head = self._ledger.head()
        while page := await asyncio.to_thread(self._ledger.read, self._position, PAGE_FACTS, NAMES):
            for recorded in page:
                self._state.apply(recorded)
                self._position = recorded.position
        self._position = max(self._position, head)

    async def _follow(self) -> None:
        batches = self._ledger.tail().after(self._position)
        while True:
            try:
                batch = await anext(batches, None)
            except StoreError as error:
                _log.warning("elastic workers wait for the ledger: %s", error)
                await asyncio.sleep(PAUSE_SECONDS)
                batches = self._ledger.tail().after(self._position)
                continue
            if batch is None:
                return
            for recorded in batch:
                self._apply(recorded)
            async with self._moved:
                self._moved.notify_all()
            if self._position - self._saved >= CHECKPOINT_FACTS:
                await self._save()

    def _apply(self, recorded: Recorded) -> None:
        log_fact(recorded.fact)
        wanted = self._state.apply(recorded)
        self._position = recorded.position
        if wanted is None:
            return
        key = worker_id(wanted.worker)
        if key in self._state.machines:
            self._ensure_controller(key, fresh=isinstance(recorded.fact, MachineStartRequested))
        if (running := self._controllers.get(key)) is not None:
            running.controller.wake()

    def _ensure_controller(self, key: WorkerId, *, fresh: bool) -> None:
        """Start a controller for a machine that has none; it waits for the controller of the machine's former start."""
        wanted = self._state.machines[key]
        before = self._controllers.get(key)
        if before is not None and before.start == wanted.state.start:
            return
        try:
            settings = read_machine_settings(wanted.state.settings)
        except UnreadableTextError as error:
            _log.error("the machine of %s is left to itself: %s", wanted.worker, error)
            return
        machine = Machine(
            installation=self._installation, worker=wanted.worker, start=wanted.state.start, settings=settings
        )
        controller = MachineController(
            wanted,
            machine,
            self._drivers[driver_name(settings)],
            clock=self._clock,
            execute=self._execute,
            issue_token=self._issue_token,
            fresh=fresh,
        )
        task = asyncio.create_task(_after(None if before is None else before.task, controller))
        self._controllers[key] = RunningController(wanted.state.start, controller, task)

    async def _execute(self, *commands: Command) -> None:
        """Have it recorded, and return when this room knows it."""
        receipt = await self._ledger.execute(*commands, origin=Origin(actor=ACTOR))
        async with self._moved:
            await self._moved.wait_for(lambda: self._position >= receipt.position)

    async def _issue_token(self, machine: Machine) -> str:
        """A one-use enrollment token; only its digest is kept."""
        token = f"ble_{secrets.token_hex(TOKEN_BYTES)}"
        life = min(timedelta(seconds=machine.settings.start_seconds) + TOKEN_SPARE, MAX_TOKEN_LIFE)
        issue = IssueEnrollment(
            token_digest=hashlib.sha256(token.encode()).hexdigest(),
            worker=machine.worker,
            at=self._clock.now(),
            life=life,
        )
        await self._ledger.execute(issue, origin=Origin(actor=ACTOR))
        return self._whole_token(token)

    async def _release(self) -> None:
        tasks = [running.task for running in self._controllers.values()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        for driver in self._drivers.values():
            await driver.close()
        await self._save()

    async def _save(self) -> None:
        """Write where it stands; that it can't be written costs only time at the next start."""
        checkpoint = Checkpoint(VERSION, self._position, msgspec.json.encode(self._state))
        try:
            await asyncio.to_thread(self._ledger.save_checkpoint, CHECKPOINT_NAME, checkpoint)
        except Exception:
            _log.exception("where the elastic workers stand can't be saved; a start will take longer")
        else:
            self._saved = checkpoint.position


def driver_name(settings: machines.Start) -> str:
    """What the configuration calls the driver of these settings."""
    name = type(settings).__struct_config__.tag
    assert isinstance(name, str)
    return name


async def _after(before: asyncio.Task[None] | None, controller: MachineController) -> None:
    if before is not None:
        await asyncio.gather(before, return_exceptions=True)
    await controller.run()
