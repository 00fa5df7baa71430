"""Steps about the network between worker and server."""

from __future__ import annotations

import asyncio
from typing import ClassVar

from buildledger.conformance.quantities import Seconds, Size
from buildledger.conformance.stage import Stage
from buildledger.conformance.steps.step import PATIENCE_SECONDS, Step


class Cut(Step):
    """Reset every connection; with `after_bytes`, when so many more bytes of either direction have passed."""

    after_bytes: Size | None = None

    async def play(self, stage: Stage) -> None:
        """Cut now or later."""
        for door in stage.doors.values():
            if self.after_bytes is None:
                door.cut()
            else:
                door.cut_after(self.after_bytes)


class CutAtRandom(Step):
    """Reset the connection and those that follow, `times` in all, each after a random number of bytes."""

    times: int
    within_bytes: Size
    seed: int = 1

    async def play(self, stage: Stage) -> None:
        """Arm the door."""
        stage.door.cut_at_random(self.times, self.within_bytes, self.seed)


class AwaitCuts(Step):
    """Wait until connections were cut so many times in this case."""

    main_field: ClassVar[str] = "count"
    count: int
    within: Seconds = PATIENCE_SECONDS

    async def play(self, stage: Stage) -> None:
        """Wait."""
        await stage.until(lambda: stage.door.cuts >= self.count, self.within, f"{self.count} cuts")


class Freeze(Step):
    """Let nothing more through the open connections (`fresh_too`: nor through later ones), and tell nobody."""

    fresh_too: bool = False

    async def play(self, stage: Stage) -> None:
        """Freeze them."""
        stage.transcript.add("network", "freezes")
        for door in stage.doors.values():
            door.freeze(fresh_too=self.fresh_too)


class Thaw(Step):
    """Let everything through again, what waited included."""

    async def play(self, stage: Stage) -> None:
        """Thaw them."""
        for door in stage.doors.values():
            door.thaw()


class SlowDown(Step):
    """Let only so many bytes per second through each connection, in each direction."""

    main_field: ClassVar[str] = "bytes_per_second"
    bytes_per_second: Size

    async def play(self, stage: Stage) -> None:
        """Set the speed."""
        for door in stage.doors.values():
            door.slow_down(self.bytes_per_second)


class ServerDown(Step):
    """Take the server away: connections are cut and refused."""

    async def play(self, stage: Stage) -> None:
        """Close the doors."""
        stage.transcript.add("network", "the server is away")
        for door in stage.doors.values():
            await door.down()


class ServerUp(Step):
    """Bring the server back, at the same address and with all that it had stored."""

    async def play(self, stage: Stage) -> None:
        """Open the doors."""
        stage.transcript.add("network", "the server is back")
        for door in stage.doors.values():
            await door.up()


class Wait(Step):
    """Let time pass: for what the worker must *not* do in it, or for an absence that has to last."""

    main_field: ClassVar[str] = "seconds"
    seconds: Seconds

    async def play(self, stage: Stage) -> None:
        """Wait."""
        await asyncio.sleep(self.seconds)
        stage.check_violations()
