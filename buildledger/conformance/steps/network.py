"""Steps about the network between worker and server."""

from __future__ import annotations

import asyncio
from typing import ClassVar

from buildledger.conformance.case_context import CaseContext
from buildledger.conformance.quantities import Seconds, Size
from buildledger.conformance.steps.step import PATIENCE_SECONDS, Step


class Cut(Step):
    """Reset every connection; with `after_bytes`, when so many more bytes of either direction have passed."""

    after_bytes: Size | None = None

    async def execute(self, context: CaseContext) -> None:
        """Cut now or later."""
        for proxy in context.proxies.values():
            if self.after_bytes is None:
                proxy.cut()
            else:
                proxy.cut_after(self.after_bytes)


class CutAtRandom(Step):
    """Reset the connection and those that follow, `times` in all, each after a random number of bytes."""

    times: int
    within_bytes: Size
    seed: int = 1

    async def execute(self, context: CaseContext) -> None:
        """Arm the proxy."""
        context.proxy.cut_at_random(self.times, self.within_bytes, self.seed)


class AwaitCuts(Step):
    """Wait until connections were cut so many times in this case."""

    main_field: ClassVar[str] = "count"
    count: int
    within: Seconds = PATIENCE_SECONDS

    async def execute(self, context: CaseContext) -> None:
        """Wait."""
        await context.until(lambda: context.proxy.cuts >= self.count, self.within, f"{self.count} cuts")


class Freeze(Step):
    """Let nothing more through the open connections (`fresh_too`: nor through later ones), and tell nobody."""

    fresh_too: bool = False

    async def execute(self, context: CaseContext) -> None:
        """Freeze them."""
        context.transcript.add("network", "freezes")
        for proxy in context.proxies.values():
            proxy.freeze(fresh_too=self.fresh_too)


class Thaw(Step):
    """Let everything through again, what waited included."""

    async def execute(self, context: CaseContext) -> None:
        """Thaw them."""
        for proxy in context.proxies.values():
            proxy.thaw()


class SlowDown(Step):
    """Let only so many bytes per second through each connection, in each direction."""

    main_field: ClassVar[str] = "bytes_per_second"
    bytes_per_second: Size

    async def execute(self, context: CaseContext) -> None:
        """Set the speed."""
        for proxy in context.proxies.values():
            proxy.slow_down(self.bytes_per_second)


class ServerDown(Step):
    """Take the server away: connections are cut and refused."""

    async def execute(self, context: CaseContext) -> None:
        """Close the proxies."""
        context.transcript.add("network", "the server is away")
        for proxy in context.proxies.values():
            await proxy.down()


class ServerUp(Step):
    """Bring the server back, at the same address and with all that it had stored."""

    async def execute(self, context: CaseContext) -> None:
        """Open the proxies."""
        context.transcript.add("network", "the server is back")
        for proxy in context.proxies.values():
            await proxy.up()


class Wait(Step):
    """Let time pass: for what the worker must *not* do in it, or for an absence that has to last."""

    main_field: ClassVar[str] = "seconds"
    seconds: Seconds

    async def execute(self, context: CaseContext) -> None:
        """Wait."""
        await asyncio.sleep(self.seconds)
        context.check_violations()
