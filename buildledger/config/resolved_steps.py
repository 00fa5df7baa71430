"""The steps of a loaded configuration, as `steps/` has its programs for them.

Like all that is resolved, nothing here knows of files or lines.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

import msgspec

from buildledger.config.values import Argument, EnvironmentValue, Expression, Value


class Timeout(msgspec.Struct, frozen=True, kw_only=True):
    """When a step's process is stopped."""

    no_output_seconds: float | None = 1200.0
    """After so long a silence; None: never."""
    total_seconds: float | None = None
    """After so long altogether; None: never."""


class StepBase(msgspec.Struct, frozen=True, kw_only=True, tag_field="step"):
    """What all steps have."""

    name: str
    """Unique in its builder."""
    on_failure: Literal["halt", "continue", "warn", "ignore"] = "halt"
    """halt: the build fails, and of the steps after it only those run that are `always_run`. continue: the build
    fails, the next step runs. warn: the build has warnings. ignore: the build's result is not touched."""
    always_run: bool = False
    """Run it even after a step that halted the build."""
    when: Expression | None = None
    """Skip the step unless this is true just before it would start; None: run it."""


class CheckoutStep(StepBase, frozen=True, kw_only=True, tag="checkout"):
    """Bring a source's revision into the build's directory."""

    source: str
    into: str = "."
    """Directory relative to the build's, `/`-separated, without `..`."""
    mode: Literal["incremental", "full"] = "incremental"
    method: Literal["clobber", "fresh", "clean", "copy"] | None = None
    """How a full checkout gets rid of what was there; None in incremental mode."""
    filter: str | None = None
    """Partial clone: `blob:none`, `tree:0` or `blob:limit=<n>[kmg]`."""
    depth: int | None = None
    """Shallow: so many commits; None: the whole history."""
    submodules: bool = False
    lfs: bool = False
    """Bring the files that git-lfs keeps elsewhere; the worker needs git-lfs. Else their pointers stand there."""
    timeout: Timeout = Timeout()


class RunStep(StepBase, frozen=True, kw_only=True, tag="run"):
    """Run a program with arguments; no shell."""

    argv: tuple[Argument, ...]
    env: Mapping[str, EnvironmentValue]
    """The builder's variables and the step's own."""
    workdir: str = "."
    timeout: Timeout = Timeout()


class ScriptStep(StepBase, frozen=True, kw_only=True, tag="script"):
    """Run a shell script; data reaches it through `env` only."""

    script: str
    env: Mapping[str, EnvironmentValue]
    workdir: str = "."
    timeout: Timeout = Timeout()


class UploadStep(StepBase, frozen=True, kw_only=True, tag="upload"):
    """Keep a file or a directory of the build's directory on the server."""

    path: Value
    """Relative to the build's directory."""
    files: tuple[str, ...] = ()
    """Patterns: of the directory only what matches. Empty: all of it."""
    artifact: Value | None = None
    """The name it is listed under; None: the last part of the path."""
    limit_bytes: int
    """A larger file is not taken and fails the step."""
    optional: bool = False
    """That there is nothing fails nothing."""


class Origin(msgspec.Struct, frozen=True, kw_only=True):
    """Whose artifact is wanted."""

    of: Literal["build", "parent", "builder"]
    """The build itself, the one whose success asked for it, or one of `builder`."""
    builder: str = ""
    branch: Value | None = None
    """Of the builder's last build that succeeded; None: the branch of the build that asks."""
    number: Value | None = None
    """Of the builder: this build."""


class DownloadStep(StepBase, frozen=True, kw_only=True, tag="download"):
    """Bring an artifact into the build's directory."""

    artifact: Value
    origin: Origin
    into: str = "."
    """Directory inside the build's."""
    optional: bool = False
    """That there is no such artifact fails nothing."""


class TestReportStep(StepBase, frozen=True, kw_only=True, tag="test_report"):
    """Read test reports and record the results of the tests in them."""

    __test__ = False

    files: tuple[str, ...]
    """Patterns, relative to the build's directory."""
    format: Literal["junit", "subunit", "tap"] = "junit"
    failed: Literal["failure", "warnings", "success"] = "failure"
    """What the step comes to if tests have failed."""
    optional: bool = False
    """That there is no report fails nothing."""


class SetPropertyStep(StepBase, frozen=True, kw_only=True, tag="set_property"):
    """Give the build a property, from a value or from what a program writes. Exactly one of `value`, `argv` is set."""

    property: str
    value: Value | None = None
    argv: tuple[Argument, ...] | None = None
    """Its standard output without surrounding white space becomes the value."""
    env: Mapping[str, EnvironmentValue]
    workdir: str = "."
    timeout: Timeout = Timeout()


Step = CheckoutStep | RunStep | ScriptStep | UploadStep | DownloadStep | TestReportStep | SetPropertyStep
