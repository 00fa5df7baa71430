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
from buildledger.config.stored import read_machine_settings
from buildledger.domain.command import Command
from buildledger.domain.enrollment import MAX_TOKEN_LIFE, IssueEnrollment
from buildledger.elastic.driver import Driver, Machine
from buildledger.elastic.fact_logging import log_fact
from buildledger.elastic.fleet_state import NAMES, VERSION, FleetState
from buildledger.elastic.machine_controller import MachineController
from buildledger.events.fact import Recorded
from buildledger.events.ids import WorkerId, worker_id
from buildledger.events.machine import MachineStartRequested
from buildledger.events.stored_format import UnreadableTextError
from buildledger.ledger.fold_follower import FoldFollower
from buildledger.ledger.ledger import Ledger
from buildledger.ledger.submission import Origin

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

    NAME = "elastic"
    VERSION = VERSION

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
        self._follower = FoldFollower(ledger, self, names=NAMES, fails_fast=True)
        self._caught_up = False
        self._controllers: dict[WorkerId, RunningController] = {}

    async def run(self) -> None:
        """Work until cancelled or the ledger closes; the machines go on without it."""
        try:
            await self._identify_installation()
            await self._follower.restore()
            await self._follower.catch_up()
            self._caught_up = True
            for key in list(self._state.machines):
                self._ensure_controller(key, fresh=False)
            await self._follower.follow()
        finally:
            await self._release()

    def restore(self, state: bytes) -> None:
        """See `CheckpointedFold`."""
        self._state = msgspec.json.decode(state, type=FleetState)

    def snapshot(self) -> bytes:
        """See `CheckpointedFold`."""
        return msgspec.json.encode(self._state)

    def apply(self, recorded: Recorded) -> None:
        """See `CheckpointedFold`; what has long happened is remembered only, and `run` then acts on what is left."""
        wanted = self._state.apply(recorded)
        if not self._caught_up:
            return
        log_fact(recorded.fact)
        if wanted is None:
            return
        key = worker_id(wanted.worker)
        if key in self._state.machines:
            self._ensure_controller(key, fresh=isinstance(recorded.fact, MachineStartRequested))
        if (running := self._controllers.get(key)) is not None:
            running.controller.wake()

    def batch_applied(self) -> None:
        """See `CheckpointedFold`; controllers act by themselves."""

    async def _identify_installation(self) -> None:
        """Machines carry a mark of the ledger that wants them: a digest of its first fact's identity."""
        first = await asyncio.to_thread(self._ledger.read, 0, 1)
        said = f"{first[0].stream_id}\x1f{first[0].meta.command_id}" if first else ""
        self._installation = hashlib.sha256(said.encode()).hexdigest()[:16]

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
            self._drivers[machines.driver_of(settings)],
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
        await self._follower.reached(receipt.position)

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
        await self._follower.save()


async def _after(before: asyncio.Task[None] | None, controller: MachineController) -> None:
    if before is not None:
        await asyncio.gather(before, return_exceptions=True)
    await controller.run()
