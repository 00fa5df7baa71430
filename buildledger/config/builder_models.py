"""The file format: builders, templates, matrices, inputs and steps, as pydantic models."""

# ruff: noqa: RUF012 - pydantic copies mutable defaults

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from buildledger.config import limits
from buildledger.config.fields import (
    Boolean,
    DurationOrNever,
    Identifier,
    Name,
    PartialClone,
    RelativePath,
    Script,
    Size,
    Text,
    Variable,
    Whole,
)
from buildledger.config.nodes import (
    AnyValue,
    ArgumentValue,
    AxisValue,
    ExpressionText,
    PlainValue,
    PriorityValue,
    TakeValue,
    TextValue,
    VariableValue,
)
from buildledger.config.strict import Strict, choose, shorthand


class InputModel(Strict):
    """A typed value that is asked for."""

    type: Literal["string", "integer", "boolean", "list"] = "string"
    """`list` is a list of texts."""
    description: Text = ""
    default: PlainValue = None
    """Without one, the value has to be given."""
    enum: Annotated[list[PlainValue], Field(min_length=1, max_length=256)] | None = None
    """The only values allowed."""
    pattern: Text | None = None
    """An RE2 expression that has to match; `^` and `$` if it is meant to match all of it."""


class Timeout(Strict):
    """When a step's process is stopped."""

    no_output: DurationOrNever = 1200.0
    """After so long a silence."""
    total: DurationOrNever = None
    """After so long altogether."""


TimeoutField = Annotated[Timeout, shorthand("total", Timeout | DurationOrNever)]
Environment = Annotated[dict[Variable, VariableValue], Field(max_length=256)]
Arguments = Annotated[list[ArgumentValue], Field(min_length=1, max_length=limits.ARGUMENTS)]


class StepModel(Strict):
    """What all steps have."""

    unbuilt: ClassVar = frozenset({"reports", "locks", "cache", "services"})

    name: Text | None = None
    """By default made of what the step does."""
    on_failure: Literal["halt", "continue", "warn", "ignore"] = "halt"
    """`halt`: the build fails and later steps are left out, except those that always run. `continue`: the build fails,
    the next step runs. `warn`: the build has warnings. `ignore`: as if it had succeeded."""
    always_run: Boolean = False
    """Run it even after a step that halted the build."""
    when: ExpressionText | None = None
    """CEL: leave the step out unless this is true just before it would start."""


class Checkout(StepModel):
    """Bring a source's revision into the build's directory."""

    unbuilt: ClassVar = StepModel.unbuilt | {"sparse", "credentials"}

    checkout: Text
    """The source."""
    into: RelativePath = "."
    """Directory inside the build's."""
    mode: Literal["incremental", "full"] = "incremental"
    """`full` gets rid of what was there before."""
    method: Literal["clobber", "fresh", "clean", "copy"] | None = None
    """How, in full mode: remove everything, all that isn't committed (the default), that and isn't ignored, or build
    in a copy."""
    filter: PartialClone | None = None
    """Partial clone."""
    depth: Annotated[Whole, Field(ge=1, le=1_000_000)] | None = None
    """Shallow: so many commits."""
    submodules: Boolean = False
    lfs: Boolean = False
    """Bring the files that git-lfs keeps elsewhere; the worker needs git-lfs."""
    timeout: TimeoutField = Timeout()


class ProcessModel(StepModel):
    """What all steps have that start a program."""

    env: Environment = {}
    """Environment variables besides the builder's; null takes one away."""
    workdir: RelativePath = "."
    """Directory inside the build's."""
    timeout: TimeoutField = Timeout()


class Run(ProcessModel):
    """Run a program with arguments; no shell."""

    run: Arguments
    """The program and its arguments."""


class ScriptStep(ProcessModel):
    """Run a shell script."""

    script: Script
    """Fixed text; it gets its data through `env`."""


class Upload(StepModel):
    """Keep a file of the build's directory on the server."""

    upload: TextValue
    """The file."""
    to: TextValue = None
    """The name it is listed under; by default the last part of its path."""
    limit: Size = limits.UPLOAD_DEFAULT_BYTES
    """A larger file fails the step."""


class SetProperty(ProcessModel):
    """Give the build a property."""

    set_property: Identifier
    """Its name."""
    value: AnyValue = None
    """Its value."""
    run: Arguments | None = None
    """Instead: a program whose standard output, without white space around it, becomes the value."""


Step = Annotated[
    Checkout | ScriptStep | Upload | SetProperty | Run,
    choose(
        None,
        {"checkout": Checkout, "script": ScriptStep, "upload": Upload, "set_property": SetProperty, "run": Run},
        unbuilt=frozenset({"download", "trigger", "generate", "use", "uses", "plugin", "approve"}),
        what="step",
    ),
]
Steps = Annotated[list[Step], Field(min_length=1, max_length=limits.STEPS)]
InputModels = Annotated[dict[Identifier, InputModel], Field(max_length=limits.INPUTS)]


class Template(Strict):
    """Steps that several builders use, with inputs of their own; it sees nothing of the builder but those."""

    inputs: InputModels = {}
    steps: Steps


class Matrix(Strict):
    """Several builders in one: a cell for each combination of values."""

    axes: Annotated[
        dict[Identifier, Annotated[list[AxisValue], Field(min_length=1, max_length=limits.MATRIX_VALUES)]],
        Field(min_length=1, max_length=limits.MATRIX_AXES),
    ]
    exclude: list[dict[Identifier, AxisValue]] = []
    """Combinations to leave out; an axis that isn't mentioned means all its values."""


class LockUse(Strict):
    """How much of a lock a build takes."""

    lock: Text
    """The lock."""
    take: TakeValue = 1
    """A number, or `all` of its count."""


class Retry(Strict):
    """When a build that didn't answer its request is tried again."""

    on: list[Literal["infrastructure"]] = ["infrastructure"]
    """`infrastructure`: the worker was lost. An empty list: never."""
    max: Annotated[Whole, Field(ge=0, le=limits.RETRIES)] = 2
    """Attempts after the first one."""


class Builder(Strict):
    """Something that can be built."""

    unbuilt: ClassVar = frozenset({"protected", "pick", "timeout", "artifacts", "reports", "services", "secrets"})

    project: Name | None = None
    """What it belongs to, for people."""
    description: Text = ""
    tags: Annotated[list[Name], Field(max_length=64)] = []
    matrix: Matrix | None = None
    inputs: InputModels = {}
    """What every trigger may give; inputs of its manual triggers are added."""
    use: Text | None = None
    """A template, instead of steps."""
    with_: Annotated[dict[Identifier, AnyValue], Field(max_length=limits.INPUTS)] = Field(default={}, alias="with")
    """Values for the template's inputs."""
    steps: Steps | None = None
    """What is done, in order."""
    env: Environment = {}
    """Environment variables of all its steps."""
    properties: Annotated[dict[Identifier, AnyValue], Field(max_length=256)] = {}
    """Set before the first step."""
    worker: ExpressionText | None = None
    """CEL: true for the workers it may run on."""
    when: ExpressionText | None = None
    """CEL: a trigger asks for a build only if this is true."""
    collapse: Literal["never", "same-branch", "same-revision"] = "same-branch"
    """Which of its waiting requests one build may serve."""
    retry: Retry = Retry()
    locks: list[Annotated[LockUse, shorthand("lock", LockUse | Text)]] = []
    """Held from the first step to the last."""
    priority: PriorityValue = 0
    """Higher is sooner."""
