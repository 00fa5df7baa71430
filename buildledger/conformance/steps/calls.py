"""Steps about how often the worker calls the server."""

from __future__ import annotations

import asyncio
from typing import Literal

from buildledger.conformance.case_context import CaseContext, CaseFailedError
from buildledger.conformance.quantities import Seconds
from buildledger.conformance.steps.step import PATIENCE_SECONDS, Step

Method = Literal["Session", "Enroll", "Rotate", "FindMissing", "Status", "Write", "Read", "connect"]


class CountCalls(Step):
    """Count how often a method was called in the whole case so far; `during` waits first and counts only that time.

    `method` is Session (refused ones too), Enroll, Rotate, FindMissing, Status, Write, Read, or `connect` for
    connections of TCP.
    """

    method: Method
    at_least: int = 0
    at_most: int | None = None
    during: Seconds = 0.0

    async def execute(self, context: CaseContext) -> None:
        """Count."""
        before = 0
        if self.during:
            before = calls(context, self.method)
            await asyncio.sleep(self.during)
        count = calls(context, self.method) - before
        when = f" in {self.during:g} s" if self.during else ""
        if count < self.at_least:
            raise CaseFailedError(f"{self.method}: {count} calls{when}, fewer than {self.at_least}")
        if self.at_most is not None and count > self.at_most:
            raise CaseFailedError(f"{self.method}: {count} calls{when}, more than {self.at_most}")


class AwaitCalls(Step):
    """Wait until a method was called `count` times in the whole case, or `more` times from here on.

    `from_byte` is where the last of them must begin at least.
    """

    method: Method
    count: int = 1
    more: int | None = None
    from_byte: int = 0
    within: Seconds = PATIENCE_SECONDS

    async def execute(self, context: CaseContext) -> None:
        """Wait."""
        count = self.count if self.more is None else calls(context, self.method) + self.more
        await context.until(
            lambda: calls(context, self.method) >= count, self.within, f"{count} calls of {self.method}"
        )
        offset = max((call.offset for call in context.calls if call.method == self.method), default=0)
        if offset < self.from_byte:
            raise CaseFailedError(f"{self.method} began at byte {offset}, not at {self.from_byte} or later")


def calls(context: CaseContext, method: Method) -> int:
    """How often a method was called so far."""
    if method == "connect":
        return sum(proxy.accepted for proxy in context.proxies.values())
    if method == "Session":
        return len(context.server.calls_at)
    return sum(call.method == method for call in context.calls)
