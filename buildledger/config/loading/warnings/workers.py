"""Builders that none of the workers in the file could ever run."""

from __future__ import annotations

import re
from collections.abc import Mapping

from buildledger.config import resolved
from buildledger.config.evaluation.evaluate import Context, WorkerView
from buildledger.config.evaluation.placement import Requirement
from buildledger.config.problems.problem import listed
from buildledger.config.reading.document import Document

_LABEL = re.compile(r"\bworker\.labels\.(\w+)")


class IdleWarning:
    """Warns of builders that none of the workers in the file could ever run."""

    def __init__(self, document: Document, workers: Mapping[str, resolved.Worker]) -> None:
        self._document = document
        self._views = [
            WorkerView(name=worker.name, labels=worker.labels, capacity=worker.capacity) for worker in workers.values()
        ]
        self._answers: dict[object, bool] = {}
        """By condition and cell: thousands of builders have the same."""

    def warn(self, builder: resolved.Builder) -> None:
        """Warn if this is one."""
        if builder.worker is None:
            return
        asked = builder.worker.source, *builder.matrix.items()
        if asked not in self._answers:
            self._answers[asked] = self._can_run(builder)
        if not self._answers[asked]:
            message = f"no worker of this file can run '{builder.name}'"
            path = ("builders", builder.base, "worker")
            self._document.add("no-worker", path, message, self._hint(builder.worker.source), warning=True)

    def _can_run(self, builder: resolved.Builder) -> bool:
        requirement = Requirement(builder, Context(matrix=builder.matrix))
        return not self._views or requirement.per_request or any(requirement.fits(view) for view in self._views)

    def _hint(self, source: str) -> str:
        """What the workers have of the labels that are asked for."""
        asked = dict.fromkeys(_LABEL.findall(source))
        if not asked:
            return f"workers: {listed([view.name for view in self._views])}"
        return "; ".join(self._values(label) for label in asked)

    def _values(self, label: str) -> str:
        values = {view.labels[label] for view in self._views if label in view.labels}
        return f"{label} of the workers: {listed(values)}" if values else f"no worker has a label {label}"
