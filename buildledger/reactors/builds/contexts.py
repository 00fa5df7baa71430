"""The contexts in which the expressions of a configuration are evaluated."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import msgspec

from buildledger.config.evaluation.evaluate import BuildView, ChangeView, Context, WorkerView
from buildledger.config.evaluation.placement import NO_STAMP, inputs_of, plain, request_context, worker_view
from buildledger.config.expressions.cel import mentioned
from buildledger.config.resolved import Builder, Configuration
from buildledger.config.values import Expression
from buildledger.events.ids import ChangeId
from buildledger.events.request import RequestSubmitted
from buildledger.events.results import Result
from buildledger.reactors.state.builds import BuildRun
from buildledger.reactors.state.changed_paths import CHANGES_LIMIT, ChangePaths
from buildledger.reactors.state.workers import KnownWorker
from buildledger.steps.program import StepInputs


class EvaluationContexts:
    """Makes contexts; looks up the paths of changes only where an expression depends on them."""

    def __init__(self, paths: ChangePaths) -> None:
        self._paths = paths
        self._mentions = lru_cache(maxsize=20_000)(_mentions)

    def step_inputs(
        self, run: BuildRun, configuration: Configuration, worker: KnownWorker | None, result: Result
    ) -> StepInputs:
        """What the running step's program is given: only values that no later fact can change."""
        assigned = run.assigned
        builder = configuration.builders[assigned.builder]
        return StepInputs(
            values=self._context(run, configuration, builder, worker, result),
            stamps={stamp.source: stamp for stamp in assigned.stamps},
            systems={name: source.kind for name, source in configuration.sources.items() if name in builder.sources},
            revisions=run.revisions_before,
            first=all(each is Result.SKIPPED for each in run.results),
        )

    def _context(
        self, run: BuildRun, configuration: Configuration, builder: Builder, worker: KnownWorker | None, result: Result
    ) -> Context:
        assigned = run.assigned
        stamp = assigned.stamps[0] if assigned.stamps else NO_STAMP
        revision = run.revisions_before.get(stamp.source) or stamp.revision or ""
        return Context(
            inputs=inputs_of(builder, assigned.inputs),
            matrix=builder.matrix,
            properties=plain(run.properties_before),
            change=ChangeView(
                source=stamp.source,
                branch=stamp.branch,
                revision=revision,
                files=self.files(configuration.digest, builder, assigned.changes),
            ),
            build=BuildView(
                id=str(run.build_id),
                builder=assigned.builder,
                number=run.number,
                project=builder.project or "",
                branch=stamp.branch,
                revision=revision,
                result=result.value,
            ),
            worker=WorkerView(name=assigned.worker)
            if worker is None
            else worker_view(configuration, worker.name, worker.labels, worker.capacity),
        )

    def of_request(self, digest: str, builder: Builder, submitted: RequestSubmitted) -> Context:
        """The context of a request that has no worker yet."""
        files = self.files(digest, builder, submitted.changes)
        return request_context(builder, submitted.stamps, submitted.inputs, files)

    def files(self, digest: str, builder: Builder, changes: tuple[ChangeId, ...]) -> tuple[str, ...]:
        """The paths that the changes touch; empty if nothing in the builder depends on them."""
        return self._paths.of(changes).paths if changes and self.mentions(digest, builder, "change.files") else ()

    def may_miss_files(self, expression: Expression | None, changes: Sequence[ChangeId]) -> bool:
        """Whether a condition asks for the paths of changes of which not all are known: it then counts as true."""
        if not changes or expression is None or "change.files" not in mentioned(expression.source):
            return False
        return len(changes) >= CHANGES_LIMIT or not self._paths.of(changes).complete

    def mentions(self, digest: str, builder: Builder, variable: str) -> bool:
        """Whether anything in a builder of the configuration `digest` may depend on a variable (`build.number`)."""
        return self._mentions(digest, BuilderByName(builder), variable)


def _mentions(digest: str, builder: BuilderByName, variable: str) -> bool:
    return variable.encode() in msgspec.json.encode(builder.builder)


class BuilderByName:
    """A builder that is compared by its name alone, as a cache's key beside the configuration's digest."""

    __slots__ = ("builder",)

    def __init__(self, builder: Builder) -> None:
        self.builder = builder

    def __hash__(self) -> int:
        return hash(self.builder.name)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, BuilderByName) and other.builder.name == self.builder.name
