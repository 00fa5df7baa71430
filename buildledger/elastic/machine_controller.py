"""Controls one machine: starts it once, inspects it while it runs, stops it when it is to go, and reports its end."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from datetime import datetime, timedelta

from buildledger.clock import Clock
from buildledger.domain.command import Command
from buildledger.domain.machine import EndMachine, FailMachine, ReportMachineStarted
from buildledger.domain.refusals import Refusal
from buildledger.domain.worker import ResumeWorker
from buildledger.elastic.driver import Driver, Machine, MachineStatus, StartError, UnreachableError
from buildledger.elastic.fleet_state import Wanted
from buildledger.events.limits import LINE_CHARACTERS, storable
from buildledger.ledger.errors import LedgerUnavailable
from buildledger.ledger.outage import Outage
from buildledger.ledger.skipping import reason_of, traced

FIRST_SECONDS = 0.25
"""Until the second try when a machine can't be reached; doubled by each further one."""
SLOWEST_SECONDS = 60.0
"""Between two tries when a machine can't be reached."""
FORCE_SECONDS = 1.0
"""Between two tries to kill what doesn't go."""
GIVE_UP = timedelta(hours=1)
"""A machine that can't be stopped for so long is left to itself."""

_log = logging.getLogger(__name__)

Execute = Callable[..., Awaitable[object]]


class MachineController:
    """Brings one machine to what the ledger wants of it: `run` until it is gone, `wake` when a fact was about it."""

    def __init__(
        self,
        wanted: Wanted,
        machine: Machine,
        driver: Driver,
        *,
        clock: Clock,
        execute: Execute,
        issue_token: Callable[[Machine], Awaitable[str]],
        fresh: bool,
    ) -> None:
        """`fresh`: its start was asked for just now, so nobody can have tried before."""
        self.wanted = wanted
        self._machine = machine
        self._driver = driver
        self._clock = clock
        self._execute = execute
        self._issue_token = issue_token
        self._woken = asyncio.Event()
        self._may_exist = not fresh
        self._failures = 0
        """Of this controller to reach the machine, in a row."""
        self._trouble = ""
        self._unrecorded = Outage(
            _log,
            clock,
            level=logging.WARNING,
            failing=f"what became of {machine.worker} can't be recorded yet",
            passed=f"what became of {machine.worker} is recorded",
            noun="try",
            several="tries",
        )
        self._asked: bool | None = None
        """What the machine was told: to go (False), or nothing any more (True)."""

    def wake(self) -> None:
        """Compare with what is wanted at once, not at the next inspection."""
        self._woken.set()

    async def run(self) -> None:
        """Do what is to be done until the machine is known to be gone."""
        while self.wanted.state.phase != "down":
            self._woken.clear()
            try:
                pause = await self._reconcile()
                self._failures, self._trouble = 0, ""
                self._unrecorded.succeeded()
            except UnreachableError as error:
                pause = await self._unreachable(str(error))
            except (LedgerUnavailable, Refusal) as error:
                self._unrecorded.failed(error)
                pause = SLOWEST_SECONDS / 10
            except Exception as error:
                # one driver's fault must not stop the others
                said = (self._machine.worker, reason_of(error))
                _log.error("the machine of %s can't be looked after: %s", *said, exc_info=traced(error))
                pause = SLOWEST_SECONDS
            await self._wait(pause)
        await self._driver.forget(self._machine)

    async def _reconcile(self) -> float:
        """Inspect once and act on it; returns the seconds until the next inspection."""
        if self.wanted.state.phase == "stopping" and not self._may_exist:
            await self._end("nothing was started")
            return 0.0
        try:
            status = await self._driver.inspect(self._machine)
            if self.wanted.state.phase == "requested" and status.state in ("absent", "elsewhere"):
                await self._start()
                status = await self._driver.inspect(self._machine)
        except StartError as error:
            if self.wanted.state.phase != "requested":
                raise UnreachableError(str(error)) from error
            status = MachineStatus("failed", str(error))
        if status.state == "elsewhere" and self.wanted.arrived:
            # its worker was there: it isn't gone only because this server can't see it, and none is started beside it
            raise UnreachableError(status.detail)
        match self.wanted.state.phase:
            case "requested" | "started":
                return await self._watch(status)
            case "stopping":
                return await self._stop(status)
            case _:
                return 0.0

    async def _start(self) -> None:
        token = await self._issue_token(self._machine)
        self._may_exist = True
        await self._driver.start(self._machine, token)

    async def _watch(self, status: MachineStatus) -> float:
        """It should be there."""
        wanted = self.wanted
        if status.state == "running":
            if wanted.state.phase == "requested":
                await self._do(
                    ReportMachineStarted(
                        worker=wanted.worker, start=wanted.state.start, place=storable(status.detail, LINE_CHARACTERS)
                    )
                )
            if self._is_late():
                await self._fail(self._late(status.detail))
            return self._driver.inspect_seconds if wanted.arrived else self._driver.wait_seconds
        gone = status.detail or "it is not there any more"
        await (self._end(gone) if wanted.arrived and status.state != "failed" else self._fail(gone))
        return 0.0

    async def _stop(self, status: MachineStatus) -> float:
        """It should go."""
        if status.state in ("absent", "elsewhere", "ended"):
            await self._end(status.detail or "it is gone")
            return 0.0
        force = status.state == "failed" or self._leaving() > timedelta(seconds=self._machine.settings.stop_seconds)
        pause = self._driver.wait_seconds
        if self._asked is not None and force == self._asked:
            if not force:
                return pause
            pause = max(pause, FORCE_SECONDS)
        try:
            await self._driver.stop(self._machine, force=force)
        except StartError as error:
            raise UnreachableError(str(error)) from error
        self._asked = force
        return pause

    async def _unreachable(self, trouble: str) -> float:
        """Try again later; give a start up when its time is over, and a stop after very long."""
        wanted = self.wanted
        if trouble != self._trouble:
            _log.warning("the machine of %s can't be reached: %s", wanted.worker, trouble)
        self._trouble = trouble
        self._failures += 1
        try:
            if wanted.state.phase in ("requested", "started") and self._is_late():
                await self._fail(self._late(trouble))
            elif wanted.state.phase == "stopping" and self._leaving() > GIVE_UP:
                await self._end(f"left to itself, because it can't be reached: {trouble}")
        except (LedgerUnavailable, Refusal) as error:
            self._unrecorded.failed(error)
        return min(FIRST_SECONDS * 2.0 ** min(self._failures, 16), SLOWEST_SECONDS)

    def _is_late(self) -> bool:
        limit = timedelta(seconds=self._machine.settings.start_seconds)
        return not self.wanted.arrived and self._clock.now() - self.wanted.requested_at >= limit

    def _late(self, detail: str) -> str:
        said = f"the worker did not connect within {self._machine.settings.start_seconds:g} s"
        return f"{said} ({detail})" if detail else said

    def _leaving(self) -> timedelta:
        return self._clock.now() - (self.wanted.leaving_since or self._clock.now())

    async def _fail(self, reason: str) -> None:
        start, first, reason = self.wanted.state.start, self._first_quarantine(), storable(reason, LINE_CHARACTERS)
        await self._do(
            FailMachine(worker=self.wanted.worker, start=start, reason=reason, at=self._now(), first_quarantine=first)
        )

    async def _end(self, reason: str) -> None:
        start, first, reason = self.wanted.state.start, self._first_quarantine(), storable(reason, LINE_CHARACTERS)
        end = EndMachine(worker=self.wanted.worker, start=start, reason=reason, at=self._now(), first_quarantine=first)
        await self._do(end, *([ResumeWorker(worker=self.wanted.worker)] if self.wanted.drained else []))

    async def _do(self, *commands: Command) -> None:
        """Have it recorded, and wait until this room has taken it in."""
        await self._execute(*commands)

    def _first_quarantine(self) -> timedelta:
        return timedelta(seconds=self._machine.settings.quarantine_seconds)

    def _now(self) -> datetime:
        return self._clock.now()

    async def _wait(self, seconds: float) -> None:
        if seconds <= 0 or self.wanted.state.phase == "down":
            return
        try:
            async with asyncio.timeout(seconds):
                await self._woken.wait()
        except TimeoutError:
            return
