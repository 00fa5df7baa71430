"""The step `run`: run a program with arguments; no shell."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar

from buildledger.config.references.filling import Filling
from buildledger.config.steps.command_text import refuse_text
from buildledger.config.steps.naming import command_line
from buildledger.config.steps.reports import ReportingModel
from buildledger.config.steps.step import Arguments, StepBase, StepScope, Timeout, process_features
from buildledger.config.values import Argument, EnvironmentValue


class RunStep(StepBase, frozen=True, kw_only=True, tag="run"):
    """Run a program with arguments; no shell."""

    argv: tuple[Argument, ...]
    env: Mapping[str, EnvironmentValue]
    """The builder's variables and the step's own."""
    workdir: str = "."
    timeout: Timeout = Timeout()

    FILE_KEYS: ClassVar = {"argv": "run"}

    def features(self) -> frozenset[str]:
        """What its limits and variables need."""
        return process_features(self.env, self.timeout)


class RunModel(ReportingModel):
    """Run a program with arguments; no shell."""

    KEY = "run"
    STORED = RunStep

    run: Annotated[Arguments, refuse_text("run", "script")]
    """The program and its arguments."""

    def check(self, scope: StepScope) -> None:
        """Its arguments have to be texts that are known when it starts."""
        scope.check_arguments(self.run, "run")

    def resolve(self, filling: Filling, common: Mapping[str, Any]) -> StepBase:
        """The stored step."""
        return RunStep(**common, argv=filling.arguments_of(self.run))

    def default_name(self, filling: Filling) -> str:
        """Its command line."""
        return command_line(filling.arguments_of(self.run))


MODEL = RunModel
