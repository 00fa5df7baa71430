"""Downloads of what no step uploads."""

from __future__ import annotations

import posixpath
from collections.abc import Sequence
from typing import Any

from buildledger.config.loading.parsing import Parsed
from buildledger.config.models import file_models
from buildledger.config.problems.problem import Path, did_you_mean, listed
from buildledger.config.reading.document import Document
from buildledger.config.steps.download import DownloadModel, FromBuilder
from buildledger.config.steps.step import StepModel
from buildledger.config.steps.test_report import TestReportModel
from buildledger.config.steps.upload import UploadModel

CODE = "no-artifact"


def warn_of_downloads(document: Document, parsed: Parsed) -> None:
    """Warn of each, where the names are known: what comes out of a value at build time isn't."""
    if not any(isinstance(step, DownloadModel) for model in parsed.builders.values() for step in _steps(parsed, model)):
        return
    kept = {name: _kept(_steps(parsed, model)) for name, model in parsed.builders.items()}
    parents = _parents(parsed)
    for name, model in parsed.builders.items():
        path: Path = ("templates", model.use, "steps") if model.use else ("builders", name, "steps")
        steps = _steps(parsed, model)
        for index, step in enumerate(steps):
            if isinstance(step, DownloadModel) and isinstance(step.download, str) and not step.optional:
                reason, hint = _reason(step, name, _kept(steps[:index]), kept, parents)
                if reason:
                    document.add(CODE, (*path, index, "download"), reason, hint, warning=True)


def _steps(parsed: Parsed, model: Any) -> Sequence[StepModel]:
    if model.use is None:
        return model.steps or ()
    template = parsed.templates.get(model.use)
    return template.steps if template else ()


def _kept(steps: Sequence[StepModel]) -> set[str] | None:
    """The names of what steps keep; None if one of them is known only when it runs."""
    names: set[str] = set()
    for step in steps:
        if isinstance(step, TestReportModel):
            names.add(step.name or "test report")
        elif isinstance(step, UploadModel):
            given = step.to if step.to is not None else step.upload
            if not isinstance(given, str):
                return None
            names.add(given if step.to is not None else posixpath.basename(given.rstrip("/")))
    return names


def _parents(parsed: Parsed) -> dict[str, set[str]]:
    """Whose success asks for each builder."""
    parents: dict[str, set[str]] = {}
    for trigger in parsed.triggers.values():
        if isinstance(trigger, file_models.SuccessTrigger):
            for name in trigger.build:
                parents.setdefault(name.partition("[")[0], set()).update(of.partition("[")[0] for of in trigger.of)
    return parents


def _reason(
    step: DownloadModel,
    name: str,
    before: set[str] | None,
    kept: dict[str, set[str] | None],
    parents: dict[str, set[str]],
) -> tuple[str, str]:
    """Why it can't be had, and what to do; empty where it may be."""
    wanted = step.download
    if isinstance(step.from_, FromBuilder):
        base = step.from_.builder.partition("[")[0]
        return _missing(wanted, kept.get(base), f"'{base}' uploads no '{wanted}'")
    if step.from_ == "build":
        everything = kept[name]
        if before is not None and wanted not in before and everything is not None and wanted in everything:
            return f"'{wanted}' is uploaded only by a later step", "put this step behind it"
        return _missing(wanted, before, f"no earlier step uploads '{wanted}'")
    if name not in parents:
        return f"no success of another builder asks for '{name}', so there is no parent", "make a trigger 'on: success'"
    uploads = [kept.get(parent) for parent in parents[name]]
    if any(each is None for each in uploads):
        return "", ""
    everything = set().union(*(each or set() for each in uploads))
    who = (
        f"none of {listed(parents[name])} uploads"
        if len(parents[name]) > 1
        else f"'{listed(parents[name])}' uploads no"
    )
    return _missing(wanted, everything, f"{who} '{wanted}'")


def _missing(wanted: str, known: set[str] | None, message: str) -> tuple[str, str]:
    if known is None or wanted in known:
        return "", ""
    return message + did_you_mean(wanted, known), f"there is {listed(known)}" if known else ""
