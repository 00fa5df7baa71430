"""The file format: steps, as pydantic models."""

# ruff: noqa: RUF012 - pydantic copies mutable defaults

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import BeforeValidator, Discriminator, Field, Tag

from buildledger.config import limits
from buildledger.config.fields import (
    Boolean,
    DurationOrNever,
    Identifier,
    PartialClone,
    RelativePath,
    Script,
    Size,
    Text,
    Variable,
    Whole,
)
from buildledger.config.nodes import AnyValue, ArgumentValue, ExpressionText, TextValue, VariableValue
from buildledger.config.strict import Strict, as_list, choose, shorthand


class Timeout(Strict):
    """When a step's process is stopped."""

    no_output: DurationOrNever = 1200.0
    """After so long a silence."""
    total: DurationOrNever = None
    """After so long altogether."""


TimeoutField = Annotated[Timeout, shorthand("total", Timeout | DurationOrNever)]
_one_or_several = BeforeValidator(as_list, json_schema_input_type=list[RelativePath] | RelativePath)
Patterns = Annotated[list[RelativePath], Field(max_length=64), _one_or_several]
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
    """Keep a file or a directory of the build's directory on the server."""

    upload: TextValue
    """The file or the directory."""
    files: Patterns = []
    """Of the directory only what matches: `*` and `?` within a name, `**` any number of directories."""
    to: TextValue = None
    """The name it is listed under; by default the last part of its path."""
    limit: Size = limits.UPLOAD_DEFAULT_BYTES
    """A larger file fails the step."""
    optional: Boolean = False
    """That there is nothing fails nothing."""


class FromBuilder(Strict):
    """A builder whose artifact is wanted."""

    builder: Text
    """Its name; of a builder with a matrix that of a cell."""
    branch: TextValue = None
    """Of its last build that succeeded; by default the branch of the build that asks."""
    number: TextValue = None
    """Of this build instead."""


class Download(StepModel):
    """Bring an artifact into the build's directory."""

    download: TextValue
    """The artifact's name."""
    from_: Annotated[
        Annotated[Literal["build", "parent"], Tag("word")] | Annotated[FromBuilder, Tag("builder")],
        Discriminator(lambda data: "builder" if isinstance(data, dict | FromBuilder) else "word"),
        Field(alias="from"),
    ]
    """`build`: this one. `parent`: the one whose success asked for this one. Or a builder's."""
    into: RelativePath = "."
    """Directory inside the build's; a directory's content goes there, a file under its own name."""
    optional: Boolean = False
    """That there is no such artifact fails nothing."""


class TestReport(StepModel):
    """Read test reports and record the results of the tests in them."""

    __test__: ClassVar = False

    test_report: Annotated[list[RelativePath], Field(min_length=1, max_length=64), _one_or_several]
    """The reports: patterns like those of `files` in an upload."""
    format: Literal["junit", "subunit", "tap"] = "junit"
    """What wrote them."""
    failed: Literal["failure", "warnings", "success"] = "failure"
    """What the step comes to if tests have failed."""
    optional: Boolean = False
    """That there is no report fails nothing."""
    always_run: Boolean = True
    """Read them even after a step that halted the build: what failed there is in them."""


class SetProperty(ProcessModel):
    """Give the build a property."""

    set_property: Identifier
    """Its name."""
    value: AnyValue = None
    """Its value."""
    run: Arguments | None = None
    """Instead: a program whose standard output, without white space around it, becomes the value."""


Step = Annotated[
    Checkout | ScriptStep | Upload | Download | TestReport | SetProperty | Run,
    choose(
        None,
        {
            "checkout": Checkout,
            "script": ScriptStep,
            "upload": Upload,
            "download": Download,
            "test_report": TestReport,
            "set_property": SetProperty,
            "run": Run,
        },
        unbuilt=frozenset({"trigger", "generate", "use", "uses", "plugin", "approve"}),
        what="step",
    ),
]
