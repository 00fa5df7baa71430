"""Why the success of other builders has led to no build of a change: which is awaited, failed or wasn't built."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any, Literal, NamedTuple
from uuid import UUID

import msgspec
import sqlalchemy as sa

from buildledger.api.models.changes import UpstreamBuild
from buildledger.config.evaluation.evaluate import BuildView, Context, EvaluationError
from buildledger.config.evaluation.placement import inputs_of, request_context
from buildledger.config.evaluation.unmet_condition import unmet
from buildledger.config.expressions.cel import mentioned
from buildledger.config.resolved import ChangeTrigger, Configuration, SuccessTrigger
from buildledger.events.request import SourceStamp

SUCCEEDED = ("success", "warnings")
Code = Literal[
    "upstream_awaited", "upstream_failed", "upstream_not_built", "upstream_apart", "if", "when", "not_requested"
]

_stamps = msgspec.json.Decoder(list[SourceStamp])


class UpstreamReason(NamedTuple):
    """Why a success trigger has requested nothing."""

    code: Code
    text: str
    condition: str
    upstream: list[UpstreamBuild]


class RequestedBuild(NamedTuple):
    """A request for a build of the change, by whomever."""

    row: sa.Row[Any]
    stamps: Sequence[SourceStamp]

    @property
    def succeeded(self) -> bool:
        """It ended, and lets builders that wait for its success go on."""
        return self.row.status == "finished" and self.row.result in SUCCEEDED

    def stamp(self, source: str) -> SourceStamp | None:
        """What it builds of a source."""
        return next((stamp for stamp in self.stamps if stamp.source == source), None)


def requested(row: sa.Row[Any]) -> RequestedBuild:
    """A row of requests with its stamps read."""
    return RequestedBuild(row, _stamps.decode(row.stamps))


def concerned(configuration: Configuration, source: str) -> list[SuccessTrigger]:
    """The success triggers that a change of the source may come to, by way of whichever builders."""
    reached = {
        name
        for trigger in configuration.triggers.values()
        if isinstance(trigger, ChangeTrigger) and trigger.source == source
        for name in trigger.build
    } | {builder.name for builder in configuration.builders.values() if source in builder.sources}
    waiting = [trigger for trigger in configuration.triggers.values() if isinstance(trigger, SuccessTrigger)]
    found: list[SuccessTrigger] = []
    while led := [trigger for trigger in waiting if reached.intersection(trigger.of)]:
        found += led
        reached.update(name for trigger in led for name in trigger.build)
        waiting = [trigger for trigger in waiting if trigger not in led]
    return found


class SuccessAnswers:
    """Answers for one change on one branch."""

    def __init__(
        self,
        configuration: Configuration,
        source: str,
        branch: str,
        requests: Iterable[RequestedBuild],
        numbers: Mapping[UUID, int],
    ) -> None:
        """`requests` for builds of the change, oldest first; `numbers` of their builds."""
        self._configuration = configuration
        self._source = source
        self._numbers = numbers
        self._newest: dict[str, RequestedBuild] = {}
        for each in requests:
            stamp = each.stamp(source)
            if stamp is None or stamp.branch == branch:
                self._newest[each.row.builder] = each

    def why_not(self, trigger: SuccessTrigger, builder: str, paths: tuple[str, ...] | None) -> UpstreamReason:
        """Why the trigger hasn't requested a build of the builder; `paths` are those of the change, None: not known."""
        found = {name: self._newest.get(name) for name in trigger.of}
        upstream = [self._told(name, each) for name, each in found.items()]
        built = [each for each in found.values() if each is not None]
        lacking = [name for name, each in found.items() if each is None or not each.succeeded]
        if lacking:
            code = _worst(found[name] for name in lacking)
            return UpstreamReason(code, "; ".join(_lacking(name, found[name]) for name in lacking), "", upstream)
        if apart := _apart(built):
            text = f"{', '.join(trigger.of)} have succeeded, but with different revisions of {', '.join(apart)}"
            return UpstreamReason("upstream_apart", text, "", upstream)
        last = max(built, key=lambda each: each.row.finished_at or 0)
        return UpstreamReason(*self._kept(trigger, builder, last, paths), upstream)

    def _kept(
        self, trigger: SuccessTrigger, name: str, last: RequestedBuild, paths: tuple[str, ...] | None
    ) -> tuple[Code, str, str]:
        """Which condition keeps what has everything else that it needs."""
        builder = self._configuration.builders[name]
        try:
            if (failing := unmet(trigger.condition, Context(build=self._view(last)))) is not None:
                return "if", f"the trigger's `if` does not hold: {failing}", failing.condition
            context = request_context(builder, last.stamps, inputs_of(builder, {}), paths or ())
            unknown = paths is None and builder.when is not None and "change.files" in mentioned(builder.when.source)
            if not unknown and (failing := unmet(builder.when, context)) is not None:
                return "when", f"its `when` does not hold: {failing}", failing.condition
        except EvaluationError:
            pass  # triggers take it as true
        return "not_requested", f"{', '.join(trigger.of)} succeeded, and the trigger hasn't come to it yet", ""

    def _view(self, last: RequestedBuild) -> BuildView:
        builder = self._configuration.builders.get(last.row.builder)
        stamp = last.stamps[0] if last.stamps else SourceStamp(source="", repository="", branch="")
        return BuildView(
            id=str(last.row.build_id),
            builder=last.row.builder,
            number=self._numbers.get(last.row.build_id, 0),
            project=(builder.project if builder else None) or "",
            branch=stamp.branch,
            revision=stamp.revision or "",
            result=last.row.result,
        )

    def _told(self, name: str, found: RequestedBuild | None) -> UpstreamBuild:
        stamp = None if found is None else found.stamp(self._source)
        return UpstreamBuild(
            builder=name,
            status=None if found is None else found.row.status,
            build_id=None if found is None else found.row.build_id,
            number=None if found is None else self._numbers.get(found.row.build_id),
            result=None if found is None else found.row.result,
            revision=None if stamp is None else stamp.revision,
        )


def _worst(lacking: Iterable[RequestedBuild | None]) -> Code:
    """A failure keeps a build for good, what wasn't built until somebody asks for it, and all else for a while."""
    each = list(lacking)
    if any(one is not None and one.row.status == "finished" for one in each):
        return "upstream_failed"
    return "upstream_not_built" if None in each else "upstream_awaited"


_STANDING: Mapping[str, str] = {
    "waiting": "waits for its build",
    "claimed": "is being built",
    "collapsed": "is built together with a newer request",
}


def _lacking(name: str, found: RequestedBuild | None) -> str:
    if found is None:
        return f"waits for the success of {name}, of which no build of this change was requested"
    if found.row.status != "finished":
        return f"waits for the success of {name}, which {_STANDING[found.row.status]}"
    if found.row.build_id is None:
        return f"{name} did not succeed: its request was cancelled"
    return f"{name} did not succeed: its build ended as {found.row.result}"


def _apart(built: Collection[RequestedBuild]) -> list[str]:
    """The sources of which not all builds had the same revision, or which some of them hadn't at all."""
    sources = sorted({stamp.source for each in built for stamp in each.stamps})
    revisions = {
        source: {None if (stamp := each.stamp(source)) is None else stamp.revision or "" for each in built}
        for source in sources
    }
    return [source for source in sources if len(revisions[source]) > 1]
