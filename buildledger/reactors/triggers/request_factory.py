"""Makes the requests of a trigger: their source stamps, whether the builder's `when` holds, and their priority."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping

import msgspec

from buildledger.config.evaluation import evaluate
from buildledger.config.evaluation.evaluate import Context, EvaluationError
from buildledger.config.evaluation.placement import inputs_of
from buildledger.config.expressions.cel import mentioned
from buildledger.config.resolved import Builder, Configuration
from buildledger.domain.request import SubmitRequest
from buildledger.domain.schedule import collapse_key, default_branch
from buildledger.events.change import BranchMoved, DefaultBranchChanged
from buildledger.events.ids import BuildId, ChangeId, request_id
from buildledger.events.request import RequestSubmitted, SourceStamp
from buildledger.reactors.builds.contexts import EvaluationContexts

REQUESTED_BY = "reactor:triggering"

_log = logging.getLogger(__name__)


class RequestCause(msgspec.Struct, frozen=True, kw_only=True):
    """Why a trigger requests builds, and of what."""

    trigger: str | None
    """None: it isn't a trigger but a step that has generated the builders."""
    reason: str
    key: tuple[object, ...]
    """With the trigger's and the builder's name it makes the request's id, so that a repeated request is the same."""
    stamps: Mapping[str, SourceStamp] = msgspec.field(default_factory=dict)
    """The source stamps that are known, by source; those of other sources are taken from the heads of branches."""
    branch: str | None = None
    """The branch of those other sources; None: each source's default branch."""
    changes: tuple[ChangeId, ...] = ()
    paths_known: bool = True
    """False if it isn't known which paths changed; conditions on paths are then taken to hold."""
    parent_build: BuildId | None = None
    parent_step: int | None = None


class RequestFactory:
    """Makes requests; follows the heads of all branches for them."""

    def __init__(self, contexts: EvaluationContexts) -> None:
        self._contexts = contexts
        self.heads: dict[str, dict[str, str]] = {}
        """The revision of each branch, by source and branch."""
        self.default_branches: dict[str, str] = {}
        """What sources themselves say."""
        self.polled: set[str] = set()
        """The sources that are polled."""

    def configured(self, configuration: Configuration) -> None:
        """Take over which sources are polled; where one isn't any more, nobody knows where its branches are.

        What is handed in from then on is known again.
        """
        polled = {source.name for source in configuration.sources.values() if source.poll_seconds is not None}
        for name in self.polled - polled:
            self.heads.pop(name, None)
        self.polled = polled

    def moved(self, fact: BranchMoved) -> None:
        """Take over a branch's new revision, or that it was deleted."""
        branches = self.heads.setdefault(fact.source, {})
        if fact.revision is None:
            branches.pop(fact.branch, None)
        else:
            branches[fact.branch] = fact.revision

    def default_branch_changed(self, fact: DefaultBranchChanged) -> None:
        """Take over which branch a source means when nobody names one."""
        if fact.branch is None:
            self.default_branches.pop(fact.source, None)
        else:
            self.default_branches[fact.source] = fact.branch

    def default_branch(self, configuration: Configuration, source: str) -> str:
        """The branch of a source that is built when none is named."""
        configured = configuration.sources.get(source)
        said = configured.default_branch if configured else None
        return default_branch(said, self.default_branches.get(source), self.heads.get(source, ()))

    def stamps(self, configuration: Configuration, builder: Builder, cause: RequestCause) -> tuple[SourceStamp, ...]:
        """The source stamps of a build: those of the cause first, then those of the builder's other sources."""
        sources = dict.fromkeys([*(name for name in cause.stamps if name in builder.sources), *builder.sources])
        if not sources and cause.stamps:
            return tuple(cause.stamps.values())
        return tuple(cause.stamps.get(name) or self._head(configuration, name, cause.branch) for name in sources)

    def _head(self, configuration: Configuration, source: str, branch: str | None) -> SourceStamp:
        branch = branch or self.default_branch(configuration, source)
        return SourceStamp(
            source=source,
            repository=configuration.sources[source].url,
            branch=branch,
            revision=self.heads.get(source, {}).get(branch),
        )

    def requests(
        self, configuration: Configuration, builders: Iterable[str], cause: RequestCause
    ) -> tuple[SubmitRequest, ...]:
        """A request for each builder whose `when` holds."""
        made = (self._request(configuration, configuration.builders[name], cause) for name in builders)
        return tuple(request for request in made if request is not None)

    def _request(self, configuration: Configuration, builder: Builder, cause: RequestCause) -> SubmitRequest | None:
        stamps = self.stamps(configuration, builder, cause)
        inputs = inputs_of(builder, {})
        submitted = RequestSubmitted(
            builder=builder.name,
            stamps=stamps,
            changes=cause.changes,
            reason=cause.reason,
            trigger=cause.trigger,
            requested_by=REQUESTED_BY,
            inputs=inputs,
            config_digest=configuration.applied_digest,
            pipeline=configuration.pipeline_digest,
            collapse_key=collapse_key(builder.collapse, stamps, inputs),
            parent_build=cause.parent_build,
            parent_step=cause.parent_step,
        )
        context = self._contexts.of_request(configuration.digest, builder, submitted)
        unknown = self._contexts.may_miss_files(builder.when, cause.changes)
        if not unknown and not _should_build(builder, context, cause):
            return None
        if (priority := _priority(builder, context)) != 0:
            submitted = msgspec.structs.replace(submitted, priority=priority)
        return SubmitRequest(request_id=request_id(cause.trigger, builder.name, *cause.key), request=submitted)


def _should_build(builder: Builder, context: Context, cause: RequestCause) -> bool:
    """Whether the builder's `when` holds; one that can't be evaluated counts as true, so that nothing goes unbuilt."""
    if not cause.paths_known and builder.when is not None and "change.files" in mentioned(builder.when.source):
        return True
    try:
        return evaluate.condition(builder.when, context)
    except EvaluationError as error:
        _log.warning("the condition of builder %r can't be evaluated, so it builds: %s", builder.name, error)
        return True


def _priority(builder: Builder, context: Context) -> int:
    try:
        return evaluate.priority(builder, context)
    except EvaluationError as error:
        _log.warning("the priority of builder %r can't be evaluated, so it is 0: %s", builder.name, error)
        return 0
