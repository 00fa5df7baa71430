"""What a build's open values are evaluated in."""

from __future__ import annotations

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

import msgspec

from buildledger.config.evaluate import BuildView, ChangeView, Context, WorkerView
from buildledger.config.resolved import Builder, Configuration
from buildledger.events.ids import ChangeId
from buildledger.events.request import RequestSubmitted, SourceStamp
from buildledger.events.results import Result
from buildledger.reactors.state.builds import BuildRun
from buildledger.reactors.state.changed_paths import ChangePaths
from buildledger.reactors.state.shared import KnownWorker, plain
from buildledger.steps.program import StepInputs

NO_STAMP = SourceStamp(source="", repository="", branch="")


class EvaluationContexts:
    """Makes them; mentions for a change's paths only where something depends on them."""

    def __init__(self, paths: ChangePaths) -> None:
        self._paths = paths
        self._mentions = lru_cache(maxsize=20_000)(_mentions)

    def step_inputs(
        self, run: BuildRun, configuration: Configuration, worker: KnownWorker | None, result: Result
    ) -> StepInputs:
        """What the running step's program is given: nothing that a later fact could change."""
        assigned = run.assigned
        builder = configuration.builders[assigned.builder]
        return StepInputs(
            values=self._context(run, configuration, builder, worker, result),
            stamps={stamp.source: stamp for stamp in assigned.stamps},
            revisions=run.revisions_before,
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
            worker=worker_view(configuration, worker) if worker is not None else WorkerView(name=assigned.worker),
        )

    def of_request(self, digest: str, builder: Builder, submitted: RequestSubmitted) -> Context:
        """What is known of a request before it has a worker."""
        stamp = submitted.stamps[0] if submitted.stamps else NO_STAMP
        return Context(
            inputs=inputs_of(builder, submitted.inputs),
            matrix=builder.matrix,
            change=ChangeView(
                source=stamp.source,
                branch=stamp.branch,
                revision=stamp.revision or "",
                files=self.files(digest, builder, submitted.changes),
            ),
        )

    def files(self, digest: str, builder: Builder, changes: tuple[ChangeId, ...]) -> tuple[str, ...]:
        """The paths that the changes touched; empty where nobody mentions."""
        return self._paths.of(changes) if changes and self.mentions(digest, builder, "change.files") else ()

    def mentions(self, digest: str, builder: Builder, variable: str) -> bool:
        """Whether anything in a builder of that configuration may depend on a variable such as `build.number`."""
        return self._mentions(digest, BuilderByName(builder), variable)


def _mentions(digest: str, builder: BuilderByName, variable: str) -> bool:
    return variable.encode() in msgspec.json.encode(builder.builder)


class BuilderByName:
    """A builder that is compared by its name, within one configuration."""

    __slots__ = ("builder",)

    def __init__(self, builder: Builder) -> None:
        self.builder = builder

    def __hash__(self) -> int:
        return hash(self.builder.name)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, BuilderByName) and other.builder.name == self.builder.name


def inputs_of(builder: Builder, given: Mapping[str, Any]) -> dict[str, Any]:
    """The inputs that were given, and the defaults of the others."""
    if not builder.inputs:
        return plain(given)
    defaults = {name: spec.default for name, spec in builder.inputs.items() if spec.default is not None}
    return defaults | plain(given)


def worker_view(configuration: Configuration, worker: KnownWorker) -> WorkerView:
    """A worker as expressions see it: the configuration has the last word on its labels and its capacity."""
    configured = configuration.workers.get(worker.name)
    if configured is None:
        return WorkerView(name=worker.name, labels=worker.labels, capacity=worker.capacity)
    return WorkerView(
        name=worker.name,
        labels=worker.labels | dict(configured.labels),
        capacity=min(worker.capacity, configured.capacity),
    )
