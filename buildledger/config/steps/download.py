"""The step `download`: bring an artifact into the build's directory."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Literal

import msgspec
from pydantic import Discriminator, Field, Tag

from buildledger.config.fields.field_types import Boolean, RelativePath, Text
from buildledger.config.fields.nodes import TextValue
from buildledger.config.fields.strict import Strict
from buildledger.config.problems.problem import did_you_mean, listed
from buildledger.config.references.filling import Filling
from buildledger.config.references.scopes import NUMBERS, TEXTS
from buildledger.config.steps.step import StepBase, StepModel, StepScope
from buildledger.config.values import Value


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

    FILE_KEYS: ClassVar = {"artifact": "download", "origin": "from"}


class FromBuilder(Strict):
    """A builder whose artifact is wanted."""

    builder: Text
    """Its name; of a builder with a matrix that of a cell."""
    branch: TextValue = None
    """Of its last build that succeeded; by default the branch of the build that asks."""
    number: TextValue = None
    """Of this build instead."""

    def check(self, scope: StepScope) -> None:
        """The builder has to be there; a build is named by its number or by its branch."""
        if self.builder.partition("[")[0] not in scope.builders:
            message = f"there is no builder '{self.builder}'{did_you_mean(self.builder, scope.builders)}"
            scope.report("unknown-builder", message, f"builders: {listed(scope.builders)}", "from", "builder")
        if self.branch is not None and self.number is not None:
            message = "'branch' means something only without 'number'"
            scope.report("download", message, "take one of them out", "from", "branch", at_key=True)
        scope.check(self.branch, TEXTS, "from", "branch")
        scope.check(self.number, TEXTS | NUMBERS, "from", "number")

    def features(self) -> frozenset[str]:
        """Moving files."""
        return frozenset({"blobs"})


class DownloadModel(StepModel):
    """Bring an artifact into the build's directory."""

    KEY = "download"
    STORED = DownloadStep

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

    def check(self, scope: StepScope) -> None:
        """Its name has to be a text, and the builder that it is wanted of has to be there."""
        scope.check(self.download, TEXTS, "download")
        if isinstance(self.from_, FromBuilder):
            self.from_.check(scope)

    def resolve(self, filling: Filling, common: Mapping[str, Any]) -> StepBase:
        """The stored step."""
        return DownloadStep(
            **common,
            artifact=filling.text(self.download),
            origin=_origin(self.from_, filling),
            into=self.into,
            optional=self.optional,
        )

    def default_name(self, filling: Filling) -> str:
        """`download dist`."""
        artifact = filling.text(self.download)
        return f"download {artifact}" if isinstance(artifact, str) else "download"


def _origin(wanted: str | FromBuilder, filling: Filling) -> Origin:
    if isinstance(wanted, FromBuilder):
        return Origin(
            of="builder",
            builder=wanted.builder,
            branch=filling.optional_text(wanted.branch),
            number=filling.optional_text(wanted.number),
        )
    return Origin(of="parent" if wanted == "parent" else "build")


MODEL = DownloadModel
