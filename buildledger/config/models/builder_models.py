"""The file format: builders, templates, matrices and inputs, as pydantic models."""

# ruff: noqa: RUF012 - pydantic copies mutable defaults

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from buildledger.config import limits
from buildledger.config.fields.field_types import (
    Boolean,
    DurationOrNever,
    Identifier,
    Name,
    Text,
    WholeBetween,
)
from buildledger.config.fields.lock_models import LockUses
from buildledger.config.fields.nodes import (
    AnyValue,
    AxisValue,
    Choice,
    DefaultValue,
    ExpressionText,
    GivenValue,
    PickValue,
    PriorityValue,
)
from buildledger.config.fields.one_or_several import ONE_OR_SEVERAL
from buildledger.config.fields.strict import Strict
from buildledger.config.steps.kinds import FileStep
from buildledger.config.steps.step import Environment


class InputModel(Strict):
    """A typed value that is asked for."""

    place: ClassVar = "input"

    type: Literal["string", "integer", "boolean", "list"] = "string"
    """`list` is a list of texts."""
    description: Text = ""
    """What it is, for whoever is asked for it."""
    default: DefaultValue = None
    """Without one, the value has to be given."""
    enum: Annotated[list[Choice], Field(min_length=1, max_length=256), ONE_OR_SEVERAL] | None = None
    """The only values allowed."""
    pattern: Text | None = None
    """An RE2 expression that has to match; `^` and `$` if it is meant to match all of it."""


Steps = Annotated[list[FileStep], Field(min_length=1, max_length=limits.STEPS), ONE_OR_SEVERAL]
InputModels = Annotated[dict[Identifier, InputModel], Field(max_length=limits.INPUTS)]


class Template(Strict):
    """Steps that several builders use, with inputs of their own; it sees nothing of the builder but those."""

    place: ClassVar = "builder"

    inputs: InputModels = {}
    """What its steps get from the builders that use it."""
    steps: Steps
    """What is done, in order."""


AxisValues = Annotated[list[AxisValue], Field(min_length=1, max_length=limits.MATRIX_VALUES), ONE_OR_SEVERAL]


class Matrix(Strict):
    """Several builders in one: a cell for each combination of values."""

    place: ClassVar = "matrix"

    axes: Annotated[
        dict[Identifier, AxisValues],
        Field(min_length=1, max_length=limits.MATRIX_AXES),
    ]
    """What varies, by name: the values of each axis, in the order in which they name the cells."""
    exclude: Annotated[list[dict[Identifier, AxisValue]], ONE_OR_SEVERAL] = []
    """Combinations to leave out; an axis that isn't mentioned means all its values."""


class Retry(Strict):
    """When a build that didn't answer its request is tried again."""

    place: ClassVar = "retry"

    on: Annotated[list[Literal["infrastructure"]], ONE_OR_SEVERAL] = ["infrastructure"]
    """`infrastructure`: the worker was lost, or the secrets can't be asked for. An empty list: never."""
    max: Annotated[int, WholeBetween(0, limits.RETRIES)] = 2
    """Attempts after the first one."""


Properties = Annotated[dict[Identifier, AnyValue], Field(max_length=256)]


class BuilderDefaults(Strict):
    """What builders have that don't say otherwise themselves."""

    place: ClassVar = "builder"
    unbuilt: ClassVar = frozenset({"artifacts", "reports", "services", "secrets"})

    project: Name | None = None
    """What it belongs to, for people."""
    tags: Annotated[list[Name], Field(max_length=64), ONE_OR_SEVERAL] = []
    """Words that people look for it by."""
    env: Environment = {}
    """Environment variables of all its steps."""
    properties: Properties = {}
    """Set before the first step."""
    worker: ExpressionText | None = None
    """CEL: true for the workers it may run on."""
    when: ExpressionText | None = None
    """CEL: a trigger asks for a build only if this is true."""
    timeout: DurationOrNever = None
    """A build that takes longer than this, from its start, is stopped and fails. `never`: there is no such limit."""
    collapse: Literal["never", "same-branch", "same-revision"] = "same-branch"
    """Which of its waiting requests one build may serve."""
    retry: Retry = Retry()
    """When a build that didn't answer its request is tried again."""
    locks: LockUses = []
    """Held from the first step to the last."""
    priority: PriorityValue = 0
    """Higher is sooner."""
    pick: PickValue = "same-as-last"
    """Which of several free workers gets a build. `same-as-last`: that of the last build, unless the one that was given
    a build longest ago has less to do. `longest-idle`: the one that was given a build longest ago. `least-busy`,
    `most-busy`: by the share of its capacity that is used. `{expr: …}`: for which CEL over `worker.*` gives the highest
    number."""


class Builder(BuilderDefaults):
    """Something that can be built."""

    protected: Boolean = False
    """Defined here and nowhere else: no repository's own file may change it, take its name, or have it built."""
    description: Text = ""
    """What it does, for people."""
    matrix: Matrix | None = None
    """Several builders in one: a cell for each combination of values."""
    inputs: InputModels = {}
    """What every trigger may give; inputs of its manual triggers are added."""
    use: Text | None = None
    """A template, instead of steps."""
    with_: Annotated[dict[Identifier, GivenValue], Field(max_length=limits.INPUTS)] = Field(default={}, alias="with")
    """Values for the template's inputs."""
    steps: Steps | None = None
    """What is done, in order."""
