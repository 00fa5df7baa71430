"""The step `upload`: keep a file or a directory of the build's directory on the server."""

# ruff: noqa: RUF012 - pydantic copies mutable defaults

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, ClassVar

from pydantic import Field

from buildledger.config import limits, paths
from buildledger.config.fields.field_types import Boolean, RelativePath, Size
from buildledger.config.fields.nodes import TextValue
from buildledger.config.fields.one_or_several import ONE_OR_SEVERAL
from buildledger.config.references.filling import Filling
from buildledger.config.references.scopes import TEXTS
from buildledger.config.steps.step import StepBase, StepModel, StepScope, names_artifact
from buildledger.config.values import Value


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

    FILE_KEYS: ClassVar = {"path": "upload", "artifact": "to", "limit_bytes": "limit"}

    def features(self) -> frozenset[str]:
        """Moving files."""
        return frozenset({"blobs"})


class UploadModel(StepModel):
    """Keep a file or a directory of the build's directory on the server."""

    KEY = "upload"
    STORED = UploadStep

    upload: TextValue
    """The file or the directory."""
    files: Annotated[list[RelativePath], Field(max_length=64), ONE_OR_SEVERAL] = []
    """Of the directory only what matches: `*` and `?` within a name, `**` any number of directories."""
    to: TextValue = None
    """The name it is listed under; by default the last part of its path."""
    limit: Size = limits.UPLOAD_DEFAULT_BYTES
    """A larger file fails the step."""
    optional: Boolean = False
    """That there is nothing fails nothing."""

    def check(self, scope: StepScope) -> None:
        """Its path and its name have to be texts, and such as can be used if they stand in the file."""
        scope.check(self.upload, TEXTS, "upload")
        scope.check(self.to, TEXTS, "to")
        if isinstance(self.upload, str) and (reason := paths.fault(self.upload)):
            scope.report("path", reason, "", "upload")
        if isinstance(self.to, str) and not names_artifact(self.to):
            scope.report("name", f"an artifact can't be named {self.to!r}", "", "to")

    def resolve(self, filling: Filling, common: Mapping[str, Any]) -> StepBase:
        """The stored step."""
        return UploadStep(
            **common,
            path=filling.text(self.upload),
            files=tuple(self.files),
            artifact=filling.optional_text(self.to),
            limit_bytes=self.limit,
            optional=self.optional,
        )

    def default_name(self, filling: Filling) -> str:
        """`upload dist`."""
        path = filling.text(self.upload)
        return f"upload {path}" if isinstance(path, str) else "upload"


MODEL = UploadModel
