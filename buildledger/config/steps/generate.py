"""The step `generate`: a program writes builders, which are then requested for what the build is of."""

# ruff: noqa: RUF012 - pydantic copies mutable defaults

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Literal

from pydantic import BeforeValidator, Field

from buildledger.config import limits
from buildledger.config.fields.field_types import Name, WholeBetween, fault
from buildledger.config.fields.nodes import ExpressionText
from buildledger.config.fields.one_or_several import ONE_OR_SEVERAL
from buildledger.config.fields.strict import Strict
from buildledger.config.grant import Grant
from buildledger.config.references.filling import Filling
from buildledger.config.references.scopes import CONDITIONS, Place
from buildledger.config.steps.command_text import refuse_text
from buildledger.config.steps.naming import command_line
from buildledger.config.steps.step import (
    Arguments,
    ProcessModel,
    StepBase,
    StepScope,
    TimeoutField,
    TimeoutModel,
    process_features,
)
from buildledger.config.steps.step import Timeout as StoredTimeout
from buildledger.config.values import Argument, EnvironmentValue, Expression, SecretRef

Definable = Literal["builders", "templates", "matrix", "when", "worker", "collapse", "retry", "priority", "generate"]
"""What a step may be granted to generate; `generate`: steps that generate again."""


class GenerateStep(StepBase, frozen=True, kw_only=True, tag="generate"):
    """Run a program that writes builders, and request them."""

    FILE_KEYS: ClassVar[Mapping[str, str]] = {"argv": "generate"}

    argv: tuple[Argument, ...]
    env: Mapping[str, EnvironmentValue]
    workdir: str = "."
    timeout: StoredTimeout = StoredTimeout()
    grant: Grant
    """What may stand in what the program writes."""

    def features(self) -> frozenset[str]:
        """What its limits and variables need."""
        return process_features(self.env, self.timeout)


class GrantsModel(Strict):
    """What generated builders may use, by name, and where they may run."""

    secrets: Annotated[list[Name], Field(max_length=256), ONE_OR_SEVERAL] = []
    """Secrets that they may use."""
    locks: Annotated[list[Name], Field(max_length=256), ONE_OR_SEVERAL] = []
    """Locks that they may take."""
    worker: ExpressionText | None = None
    """CEL: true for the workers that they may run on, whatever they say themselves."""


def _never_waits(data: Any) -> Any:
    if data is True:
        message = "'wait: true' is part of the format but not built in this version: it comes with the trigger 'call'"
        raise fault("not-built", message, "take it out: the build goes on while what it has generated is built")
    return data


_REFUSE_TRUE = BeforeValidator(_never_waits)


class GenerateModel(ProcessModel):
    """Run a program that writes builders, and have them built: of the same revisions as the build itself."""

    KEY = "generate"
    STORED = GenerateStep

    generate: Annotated[Arguments, refuse_text("generate", "sh")]
    """The program and its arguments. On its standard output it writes JSON or YAML: `version` and `builders`."""
    may_define: Annotated[list[Definable], Field(max_length=32), ONE_OR_SEVERAL] = ["builders"]
    """What may stand in it. Whatever isn't granted is refused."""
    grants: GrantsModel = GrantsModel()
    """What its builders may use besides what the generating builder checks out."""
    max_builders: Annotated[int, WholeBetween(1, limits.PIPELINE_BUILDERS)] = 100
    """How many builders it may define, matrices expanded."""
    max_steps: Annotated[int, WholeBetween(1, limits.STEPS)] = 64
    """How many steps each of them may have."""
    wait: Annotated[Literal[False], _REFUSE_TRUE] = False
    """Whether the step ends only when what it has generated has ended; not built in this version, so it doesn't."""
    timeout: TimeoutField = TimeoutModel.model_construct(total=limits.GENERATE_SECONDS)
    """When the program is stopped: after so long altogether, or `no_output` and `total` apart."""

    def check(self, scope: StepScope) -> None:
        """Its arguments have to be known when it starts, and what it grants has to be there."""
        scope.check_arguments(self.generate, "generate")
        for index, name in enumerate(self.grants.locks):
            scope.locks.check_name(scope.scope.document, (*scope.path, "grants", "locks", index), name)
        for index, name in enumerate(self.grants.secrets):
            scope.scope.check((*scope.path, "grants", "secrets", index), SecretRef(name), Place.STEP, frozenset())
        if self.grants.worker is not None:
            path = (*scope.path, "grants", "worker")
            scope.scope.check_expression(path, self.grants.worker, Place.WORKER, CONDITIONS)
        if "builders" not in self.may_define:
            scope.report("grant", "without 'builders' the step can generate nothing", "add builders", "may_define")

    def resolve(self, filling: Filling, common: Mapping[str, Any]) -> StepBase:
        """The stored step."""
        grants = self.grants
        return GenerateStep(
            **common,
            argv=filling.arguments_of(self.generate),
            grant=Grant(
                may_define=tuple(dict.fromkeys(self.may_define)),
                secrets=tuple(dict.fromkeys(grants.secrets)),
                locks=tuple(dict.fromkeys(grants.locks)),
                worker=None if grants.worker is None else Expression(grants.worker),
                max_builders=self.max_builders,
                max_steps=self.max_steps,
            ),
        )

    def default_name(self, filling: Filling) -> str:
        """Its command line."""
        return command_line(filling.arguments_of(self.generate))


MODEL = GenerateModel
