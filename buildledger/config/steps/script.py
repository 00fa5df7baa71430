"""The step `script`: run a shell script."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from buildledger.config.fields.field_types import Script
from buildledger.config.references.filling import Filling
from buildledger.config.steps import shell_syntax
from buildledger.config.steps.naming import first_command
from buildledger.config.steps.reports import ReportingModel
from buildledger.config.steps.step import StepBase, StepScope, Timeout, process_features
from buildledger.config.values import EnvironmentValue


class ScriptStep(StepBase, frozen=True, kw_only=True, tag="script"):
    """Run a shell script until one of its commands fails; data reaches it through `env` only."""

    script: str
    env: Mapping[str, EnvironmentValue]
    """The builder's variables and the step's own."""
    workdir: str = "."
    timeout: Timeout = Timeout()

    def features(self) -> frozenset[str]:
        """A shell, and what its limits and variables need."""
        return process_features(self.env, self.timeout, "shell_script")


class ScriptModel(ReportingModel):
    """Run a shell script."""

    KEY = "script"
    STORED = ScriptStep

    script: Script
    """Fixed text; it gets its data through `env`."""

    def check(self, scope: StepScope) -> None:
        """Expressions of other systems mean something else to a shell."""
        if foreign := shell_syntax.templates(self.script):
            scope.warn("template-syntax", foreign, "data reaches a script through 'env'", "script")

    def resolve(self, filling: Filling, common: Mapping[str, Any]) -> StepBase:
        """The stored step."""
        return ScriptStep(**common, script=self.script)

    def default_name(self, filling: Filling) -> str:
        """Its first command."""
        return first_command(self.script)


MODEL = ScriptModel
