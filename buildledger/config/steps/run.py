"""The step `run`: run a program with arguments; no shell."""

from __future__ import annotations

import posixpath
from collections.abc import Mapping, Sequence
from typing import Any

from buildledger.config.filling import Filling
from buildledger.config.steps.step import Arguments, ProcessModel, StepBase, StepScope, Timeout
from buildledger.config.values import Argument, EnvironmentValue


class RunStep(StepBase, frozen=True, kw_only=True, tag="run"):
    """Run a program with arguments; no shell."""

    argv: tuple[Argument, ...]
    env: Mapping[str, EnvironmentValue]
    """The builder's variables and the step's own."""
    workdir: str = "."
    timeout: Timeout = Timeout()


class RunModel(ProcessModel):
    """Run a program with arguments; no shell."""

    KEY = "run"
    STORED = RunStep

    run: Arguments
    """The program and its arguments."""

    def check(self, scope: StepScope) -> None:
        """Its arguments have to be texts that are known when it starts."""
        scope.check_arguments(self.run, "run")

    def resolve(self, filling: Filling, common: Mapping[str, Any]) -> StepBase:
        """The stored step."""
        return RunStep(**common, argv=filling.arguments_of(self.run))

    def default_name(self, filling: Filling) -> str:
        """`uv run` for `[/usr/bin/uv, run, --python, …]`."""
        return _program(filling.arguments_of(self.run))


def _program(argv: Sequence[Argument]) -> str:
    """The program, and its first argument if that is a word."""
    first, *rest = argv
    if not isinstance(first, str):
        return "run"
    name = posixpath.basename(first) or first
    if rest and isinstance(rest[0], str) and rest[0].replace("-", "").replace("_", "").isalnum() and rest[0][0] != "-":
        name = f"{name} {rest[0]}"
    return name


MODEL = RunModel
