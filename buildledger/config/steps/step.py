"""What all kinds of steps have in common: the model of the file, the stored step, and where a step is checked."""

# ruff: noqa: RUF012 - pydantic copies mutable defaults

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, Literal

import msgspec
from pydantic import Field

from buildledger.config import limits
from buildledger.config.fields import nodes
from buildledger.config.fields.field_types import Boolean, DurationOrNever, RelativePath, Text, Variable
from buildledger.config.fields.lock_models import DeclaredLocks, LockUses
from buildledger.config.fields.nodes import ArgumentValue, ExpressionText, VariableValue
from buildledger.config.fields.strict import Strict, shorthand
from buildledger.config.lock_uses import LockUse
from buildledger.config.problems.problem import Path
from buildledger.config.references.filling import Filling
from buildledger.config.references.scopes import TEXTS, Place, Scope, Types
from buildledger.config.steps import shell_syntax
from buildledger.config.values import EnvironmentValue, Expression, SecretRef


class Timeout(msgspec.Struct, frozen=True, kw_only=True):
    """When a step's process is stopped."""

    no_output_seconds: float | None = 1200.0
    """After so long a silence; None: never."""
    total_seconds: float | None = None
    """After so long altogether; None: never."""


class StepBase(msgspec.Struct, frozen=True, kw_only=True, tag_field="step"):
    """A step as it is stored. Like all that is resolved, it knows of no file and no line."""

    name: str
    """Unique in its builder."""
    on_failure: Literal["halt", "continue", "warn", "ignore"] = "halt"
    """halt: the build fails, and of the steps after it only those run that are `always_run`. continue: the build
    fails, the next step runs. warn: the build has warnings. ignore: the build's result is not touched."""
    always_run: bool = False
    """Run it even after a step that halted the build."""
    when: Expression | None = None
    """Skip the step unless this is true just before it would start; None: run it."""
    locks: tuple[LockUse, ...] = ()
    """Taken all at once just before it starts, and held until it ends."""

    FILE_KEYS: ClassVar[Mapping[str, str]] = {}
    """What the file calls those fields that have other names here."""

    def features(self) -> frozenset[str]:
        """What its worker has to offer beyond running programs: features of the worker protocol, by name."""
        return frozenset()


@dataclass(frozen=True, kw_only=True)
class StepScope:
    """Where a step stands in the file and what it may refer to."""

    scope: Scope
    path: Path
    sources: Mapping[str, str]
    """All sources of the file by name, with the key of their version-control system; empty where that is unsound."""
    builders: Collection[str]
    """The names of all builders of the file."""
    locks: DeclaredLocks
    """All locks of the file."""

    def check(self, node: nodes.FileArgument | None, types: Types, *keys: str | int) -> None:
        """Check that a value below the step refers to what is known there and has one of these types."""
        self.scope.check((*self.path, *keys), node, Place.STEP, types)

    def check_arguments(self, argv: Sequence[nodes.FileArgument], key: str) -> None:
        """Check an argv."""
        if argv[0] == "":
            self.report("type", "the program's name is empty", "", key, 0)
        for index, argument in enumerate(argv):
            self.check(argument, TEXTS, key, index)
            if isinstance(argument, str) and (foreign := shell_syntax.templates(argument)):
                self.warn("template-syntax", foreign, VALUES, key, index)
            elif syntax := shell_syntax.argument(argv, index):
                self.warn("shell-syntax", syntax, shell_syntax.TO_SCRIPT, key, index)

    def report(self, code: str, message: str, hint: str, *keys: str | int, at_key: bool = False) -> None:
        """Add a problem at a key below the step; with `at_key` at the key itself instead of its value."""
        self.scope.document.add(code, (*self.path, *keys), message, hint, at_key=at_key)

    def warn(self, code: str, message: str, hint: str, *keys: str | int) -> None:
        """Add a warning at a key below the step: it may be meant."""
        self.scope.document.add(code, (*self.path, *keys), message, hint, warning=True)


VALUES = 'values of the build are nodes of their own, such as {input: name}, {property: name} or {expr: "…"}'

IN_SCRIPT = "set it in a 'script', or in the worker's own environment"


class TimeoutModel(Strict):
    """When a step's process is stopped."""

    no_output: DurationOrNever = 1200.0
    """After so long a silence."""
    total: DurationOrNever = None
    """After so long altogether."""

    def resolve(self) -> Timeout:
        """The step in the form that is stored with the configuration."""
        return Timeout(no_output_seconds=self.no_output, total_seconds=self.total)


TimeoutField = Annotated[TimeoutModel, shorthand("total", TimeoutModel | DurationOrNever)]
Environment = Annotated[dict[Variable, VariableValue], Field(max_length=256)]
Arguments = Annotated[list[ArgumentValue], Field(min_length=1, max_length=limits.ARGUMENTS)]
"""Of a program; without `refuse_text`, which says what to write instead of one text."""


class StepModel(Strict):
    """A step as it stands in the file."""

    place: ClassVar = "step"
    unbuilt: ClassVar = frozenset({"reports", "cache", "services"})
    KEY: ClassVar[str]
    """The key that tells this kind from the others: `run`, `checkout`, … Its program is in the module of this name."""
    STORED: ClassVar[type[StepBase]]
    """What it is stored as."""

    name: Text | None = None
    """By default made of what the step does."""
    on_failure: Literal["halt", "continue", "warn", "ignore"] = "halt"
    """`halt`: the build fails and later steps are left out, except those that always run. `continue`: the build fails,
    the next step runs. `warn`: the build has warnings. `ignore`: as if it had succeeded."""
    always_run: Boolean = False
    """Run it even after a step that halted the build."""
    when: ExpressionText | None = None
    """CEL: leave the step out unless this is true just before it would start."""
    locks: LockUses = []
    """Held while the step runs. It waits until it can have all of them, and takes none before."""

    def check(self, scope: StepScope) -> None:
        """Report what is wrong with it that its model can't tell: references to sources, builders, properties."""

    @abstractmethod
    def resolve(self, filling: Filling, common: Mapping[str, Any]) -> StepBase:
        """The stored step of one cell; `common` has the fields that all steps (or all processes) have."""

    @abstractmethod
    def default_name(self, filling: Filling) -> str:
        """What it is called when the file gives no name; cut to its length by whoever asks."""

    def followed_by(self) -> Sequence[StepModel]:
        """The steps that it stands for besides itself, to be done right after it."""
        return ()

    def properties_set(self) -> frozenset[str]:
        """The properties that are known after it."""
        return frozenset()

    def common(self, filling: Filling, env: Mapping[str, EnvironmentValue]) -> dict[str, Any]:
        """The fields that its stored form has of all steps; `env` has the builder's variables."""
        return {
            "name": self.name or "",
            "on_failure": self.on_failure,
            "always_run": self.always_run,
            "when": None if self.when is None else filling.value(Expression(self.when)),
        }


class ProcessModel(StepModel):
    """What all steps have that start a program of the user's."""

    env: Environment = {}
    """Environment variables besides the builder's; null takes one away."""
    workdir: RelativePath = "."
    """Directory inside the build's."""
    timeout: TimeoutField = TimeoutModel()
    """When the program is stopped: after so long altogether, or `no_output` and `total` apart."""

    def common(self, filling: Filling, env: Mapping[str, EnvironmentValue]) -> dict[str, Any]:
        """The fields of all steps, and those of a process."""
        return super().common(filling, env) | {
            "env": {**env, **filling.environment(self.env)},
            "workdir": self.workdir,
            "timeout": self.timeout.resolve(),
        }


def names_artifact(name: str) -> bool:
    """Whether an artifact can be called so: it isn't blank, a directory, and holds no control characters."""
    return bool(name.strip()) and name not in (".", "..") and all(character >= " " for character in name)


def process_features(env: Mapping[str, EnvironmentValue], timeout: Timeout, *others: str) -> frozenset[str]:
    """What a worker has to offer for a program with these variables and limits, besides `others`."""
    needed = {"log_limit", *others}
    if timeout.no_output_seconds is not None or timeout.total_seconds is not None:
        needed.add("timeouts")
    if any(isinstance(value, SecretRef) for value in env.values()):
        needed.add("secrets")
    if None in env.values():
        needed.add("unset_env")
    return frozenset(needed)


def check_environment(scope: Scope, path: Path, env: Mapping[str, Any], place: Place) -> None:
    """Check the values of environment variables."""
    for name, node in env.items():
        scope.check((*path, name), node, place, TEXTS)
        if not isinstance(node, str):
            continue
        if foreign := shell_syntax.templates(node):
            scope.document.add("template-syntax", (*path, name), foreign, VALUES, warning=True)
        elif syntax := shell_syntax.variables(node):
            scope.document.add("shell-syntax", (*path, name), syntax, IN_SCRIPT, warning=True)
