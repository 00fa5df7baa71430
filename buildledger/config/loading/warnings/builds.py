"""Builders that nothing builds, triggers that never fire, and times that come too often."""

from __future__ import annotations

from collections.abc import Sequence

from buildledger.config import globs
from buildledger.config.loading.parsing import Parsed
from buildledger.config.loading.warnings.conditions import compared
from buildledger.config.models import file_models
from buildledger.config.problems.problem import Path
from buildledger.config.reading.document import Document
from buildledger.config.resolved import Configuration


def warn_of_builds(document: Document, parsed: Parsed, configuration: Configuration, *, is_whole: bool) -> None:
    """Warn of each; `is_whole`: triggers come from nowhere else."""
    built = {cell for trigger in configuration.triggers.values() for cell in trigger.build}
    bases = {configuration.builders[cell].base for cell in built if cell in configuration.builders}
    if parsed.triggers and is_whole:
        for name in parsed.builders:
            if name not in bases:
                message = f"no trigger builds '{name}', only people who ask for it"
                hint = "name it in 'build' of a trigger; in one with 'on: manual', if that is meant"
                document.add("not-triggered", ("builders", name), message, hint, at_key=True, warning=True)
    for index, trigger in parsed.triggers.items():
        path: Path = ("triggers", index)
        match trigger:
            case file_models.ChangeTrigger():
                _branches(document, path, trigger, parsed)
            case file_models.CronTrigger():
                _time(document, path, trigger.at)
            case file_models.SuccessTrigger():
                _success(document, path, trigger, parsed)


def _branches(document: Document, path: Path, trigger: file_models.ChangeTrigger, parsed: Parsed) -> None:
    """Branches that are named one by one, and of which the source follows none."""
    source = parsed.sources.get(trigger.source)
    if source is None or any(mark in pattern for pattern in trigger.branches for mark in "*?!"):
        return
    if not any(globs.matches(source.branches, name) for name in trigger.branches):
        message = f"the source '{trigger.source}' follows none of these branches"
        hint = f"it follows {', '.join(source.branches)}"
        document.add("never-fires", (*path, "branches"), message, hint, warning=True)


def _time(document: Document, path: Path, at: str) -> None:
    minute, hour, *rest = at.split()
    if minute != "*":
        return
    if hour == "*":
        message = "this builds every minute"
        hint = "every hour is '0 * * * *', every ten minutes '*/10 * * * *'"
    else:
        message, hint = "this builds every minute of these hours", f"once is '{' '.join(['0', hour, *rest])}'"
    document.add("cron-often", (*path, "at"), message, hint, warning=True)


def _success(document: Document, path: Path, trigger: file_models.SuccessTrigger, parsed: Parsed) -> None:
    """A branch that is asked for, where what has to succeed is built on others only."""
    branches = compared(trigger.condition or "", "build.branch")
    of = {name.partition("[")[0] for name in trigger.of}
    for name in sorted(of):
        patterns = _patterns(parsed, name)
        if branches and patterns and not any(globs.matches(each, branch) for each in patterns for branch in branches):
            message = f"'{name}' is never built on the branch '{branches[0]}'"
            document.add("never-fires", (*path, "if"), message, "look at the branches of its triggers", warning=True)


def _patterns(parsed: Parsed, name: str) -> list[Sequence[str]]:
    """On which branches changes build a builder; empty if something else may build it as well."""
    found: list[Sequence[str]] = []
    for trigger in parsed.triggers.values():
        if name in {each.partition("[")[0] for each in trigger.build}:
            if not isinstance(trigger, file_models.ChangeTrigger):
                return []
            found.append(trigger.branches)
    return found
