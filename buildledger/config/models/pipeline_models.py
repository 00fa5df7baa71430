"""The file format: what the file of a repository may say, as the central configuration grants it."""

# ruff: noqa: RUF012 - pydantic copies mutable defaults

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from buildledger.config import limits
from buildledger.config.fields.field_types import BranchPattern, Name, RelativePath, WholeBetween
from buildledger.config.fields.nodes import ExpressionText
from buildledger.config.fields.one_or_several import ONE_OR_SEVERAL
from buildledger.config.fields.strict import Strict

Grant = Literal[
    "builders",
    "templates",
    "triggers",
    "matrix",
    "when",
    "inputs",
    "worker",
    "collapse",
    "retry",
    "priority",
    "generate",
]
"""What may be granted; `generate` is the step of that name. Secrets, locks and other sources are granted by name."""


class RepoPipeline(Strict):
    """What a repository may define for itself, in a file of its own."""

    path: RelativePath = ".buildledger.yaml"
    """Where the file is in the repository."""
    branches: Annotated[list[BranchPattern], Field(min_length=1, max_length=64), ONE_OR_SEVERAL] = ["**"]
    """Branches whose files count; on others the file is not read."""
    may_define: Annotated[list[Grant], Field(max_length=32), ONE_OR_SEVERAL] = ["builders", "matrix", "when"]
    """What may stand in the file. Whatever isn't granted is refused."""
    config_from: Literal["base", "head"] = "base"
    """Whose file counts for what isn't merged: `base`: that of the branch it is to go into; `head`: its own."""
    secrets: Annotated[list[Name], Field(max_length=256), ONE_OR_SEVERAL] = []
    """Secrets that its builders may use."""
    locks: Annotated[list[Name], Field(max_length=256), ONE_OR_SEVERAL] = []
    """Locks that its builders may take."""
    sources: Annotated[list[Name], Field(max_length=256), ONE_OR_SEVERAL] = []
    """Sources that its builders may check out, besides their own."""
    worker: ExpressionText | None = None
    """CEL: true for the workers that its builders may run on, whatever they say themselves."""
    project: Name | None = None
    """What its builders belong to."""
    max_builders: Annotated[int, WholeBetween(1, limits.PIPELINE_BUILDERS)] = 100
    """How many builders it may define, matrices expanded."""
    max_steps: Annotated[int, WholeBetween(1, limits.STEPS)] = 64
    """How many steps each of them may have."""
