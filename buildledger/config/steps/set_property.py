"""The step `set_property`: give the build a property, from a value or from what a program writes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar

from buildledger.config.fields.field_types import Identifier
from buildledger.config.fields.nodes import AnyValue
from buildledger.config.references.filling import Filling
from buildledger.config.references.scopes import ANYTHING
from buildledger.config.steps.command_text import refuse_text
from buildledger.config.steps.step import Arguments, ProcessModel, StepBase, StepScope, Timeout, process_features
from buildledger.config.values import Argument, EnvironmentValue, Value


class SetPropertyStep(StepBase, frozen=True, kw_only=True, tag="set_property"):
    """Give the build a property, from a value or from what a program writes. Exactly one of `value`, `argv` is set."""

    property: str
    value: Value | None = None
    argv: tuple[Argument, ...] | None = None
    """Its standard output without surrounding white space becomes the value."""
    env: Mapping[str, EnvironmentValue]
    workdir: str = "."
    timeout: Timeout = Timeout()

    FILE_KEYS: ClassVar = {"property": "set_property", "argv": "run"}

    def features(self) -> frozenset[str]:
        """What its program needs, if it has one."""
        return frozenset() if self.argv is None else process_features(self.env, self.timeout)


class SetPropertyModel(ProcessModel):
    """Give the build a property."""

    KEY = "set_property"
    STORED = SetPropertyStep

    set_property: Identifier
    """Its name."""
    value: AnyValue = None
    """Its value."""
    run: Annotated[Arguments, refuse_text("run", "sh")] | None = None
    """Instead: a program whose standard output, without white space around it, becomes the value."""

    def check(self, scope: StepScope) -> None:
        """It needs either a value or a program; what belongs to a program means nothing beside a value."""
        if (self.value is None) == (self.run is None):
            what = "needs 'value' or 'run'" if self.run is None else "has both 'value' and 'run'"
            scope.report("set-property", f"the property '{self.set_property}' {what}", "")
        elif self.value is not None:
            scope.check(self.value, ANYTHING, "value")
            for key in sorted(self.model_fields_set & {"env", "workdir", "timeout"}):
                message = f"'{key}' means something only with 'run'"
                scope.report("set-property", message, "take it out", key, at_key=True)
        if self.run is not None:
            scope.check_arguments(self.run, "run")

    def properties_set(self) -> frozenset[str]:
        """The one property that the step sets."""
        return frozenset({self.set_property})

    def resolve(self, filling: Filling, common: Mapping[str, Any]) -> StepBase:
        """The stored step."""
        return SetPropertyStep(
            **common,
            property=self.set_property,
            value=None if self.value is None else filling.value(self.value),
            argv=None if self.run is None else filling.arguments_of(self.run),
        )

    def default_name(self, filling: Filling) -> str:
        """`set version`."""
        return f"set {self.set_property}"


MODEL = SetPropertyModel
