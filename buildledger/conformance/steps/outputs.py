"""Steps about what a run writes."""

from __future__ import annotations

import re
from typing import Any

from buildledger.conformance.case_context import CaseContext, CaseFailedError
from buildledger.conformance.content import Content
from buildledger.conformance.message_builder import as_bytes
from buildledger.conformance.quantities import Seconds, Size
from buildledger.conformance.record import KEPT_OUTPUT_BYTES, ChannelRecord
from buildledger.conformance.steps.step import PATIENCE_SECONDS, Step

_LONGEST_SHOWN = 200


class AwaitOutput(Step):
    """Wait until a channel has so many bytes or contains a text (in its first 4 MiB); the run may still go on."""

    run: str
    channel: str = "stdout"
    bytes: Size = 0
    contains: str = ""
    attempt: int = 1
    within: Seconds = PATIENCE_SECONDS

    async def execute(self, context: CaseContext) -> None:
        """Wait."""
        record = context.record(self.run, self.attempt)
        channel = record.channel(self.channel)
        text = self.contains.encode()

        def there() -> bool:
            return channel.end >= self.bytes and text in channel.kept

        await context.until(lambda: there() or record.has_ended, self.within, f"output of run {record.name}")
        if not there():
            raise CaseFailedError(f"run {record.name} has ended with other output than expected: {_shown(channel)}")


class CheckOutput(Step):
    """Compare all that a channel got, byte by byte or by its SHA-256.

    One of: `text` (or `{hex: …}`), `pattern: {bytes, seed}` (what the helper's `emit` writes), `bytes`, and for short
    output `matches` (a regular expression) and `excludes` (texts).
    """

    run: str
    channel: str = "stdout"
    text: Any = None
    pattern: dict[str, Size] | None = None
    matches: str | None = None
    excludes: tuple[str, ...] = ()
    bytes: Size | None = None
    attempt: int = 1

    def try_out(self) -> None:
        """The expressions must be sound."""
        re.compile(self.matches or "")
        if self.text is not None:
            as_bytes(self.text, "text")

    async def execute(self, context: CaseContext) -> None:
        """Compare."""
        context.check_violations()
        channel = context.record(self.run, self.attempt).channel(self.channel)
        what = f"run {self.run}, channel {self.channel}"
        if self.text is not None:
            _compare(channel, Content(literal=as_bytes(context.substituted(self.text), "text")), what)
        if self.pattern is not None:
            _compare(channel, Content(pattern_bytes=self.pattern["bytes"], seed=self.pattern.get("seed", 1)), what)
        if self.bytes is not None and channel.end != self.bytes:
            raise CaseFailedError(f"{what}: {channel.end} bytes came, not {self.bytes}")
        if self.matches is not None and not re.search(
            context.substituted(self.matches).encode(), channel.kept, re.DOTALL
        ):
            raise CaseFailedError(f"{what}: expected /{self.matches}/ in {_shown(channel)}")
        for text in self.excludes:
            if text.encode() in channel.kept:
                raise CaseFailedError(f"{what}: {text!r} must not be in it, but is")


class CheckLines(Step):
    """A channel must have the numbers that the helper's `both: count` wrote to it, in order and complete.

    `of`: `even` (standard output), `odd` (standard error) or `all` (both in one channel).
    """

    run: str
    channel: str
    count: int
    of: str = "all"

    async def execute(self, context: CaseContext) -> None:
        """Compare."""
        first, step = {"even": (0, 2), "odd": (1, 2), "all": (0, 1)}[self.of]
        text = "".join(f"{number}\n" for number in range(first, self.count, step))
        channel = context.record(self.run).channel(self.channel)
        _compare(channel, Content(literal=text.encode()), f"run {self.run}, channel {self.channel}")


class CheckGaps(Step):
    """A channel must have gaps, and together with what came they must cover exactly so many bytes."""

    run: str
    channel: str = "stdout"
    at_least: int = 1
    bytes: Size

    async def execute(self, context: CaseContext) -> None:
        """Compare."""
        channel = context.record(self.run).channel(self.channel)
        dropped = sum(end - begin for begin, end in channel.gaps)
        if len(channel.gaps) < self.at_least:
            raise CaseFailedError(f"run {self.run}: {len(channel.gaps)} gaps, fewer than {self.at_least}")
        if channel.sent_bytes + dropped != self.bytes:
            raise CaseFailedError(
                f"run {self.run}: {channel.sent_bytes} bytes came and {dropped} were dropped, of {self.bytes}"
            )


class CheckOutputEvents(Step):
    """Every output event of a run must have at most so many bytes."""

    run: str
    at_most_bytes: Size

    async def execute(self, context: CaseContext) -> None:
        """Compare."""
        largest = max((each.size_bytes for each in context.record(self.run).stored if each.kind == "output"), default=0)
        if largest > self.at_most_bytes:
            raise CaseFailedError(
                f"run {self.run}: an output event has {largest} bytes, more than {self.at_most_bytes}"
            )


def _compare(channel: ChannelRecord, content: Content, what: str) -> None:
    if channel.gaps:
        raise CaseFailedError(f"{what}: it has gaps: {channel.gaps[:3]}")
    if channel.sent_bytes != content.size:
        raise CaseFailedError(f"{what}: {channel.sent_bytes} bytes came, not {content.size}: {_shown(channel)}")
    if channel.digest.digest() != content.sha256:
        came = channel.digest.hexdigest()
        shown = f": {_shown(channel)}" if content.size <= KEPT_OUTPUT_BYTES else ""
        raise CaseFailedError(f"{what}: its SHA-256 is {came}, not {content.sha256.hex()}{shown}")


def _shown(channel: ChannelRecord) -> str:
    text = repr(bytes(channel.kept[:_LONGEST_SHOWN]))
    return text + ("…" if channel.sent_bytes > _LONGEST_SHOWN else "")
