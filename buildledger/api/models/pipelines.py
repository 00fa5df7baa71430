"""What is answered of the files in which repositories say themselves what is built."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from buildledger.api.models.scalars import BuilderName


class PipelineProblem(msgspec.Struct, frozen=True, kw_only=True):
    """Something that is wrong with the file."""

    line: Annotated[int, Meta(description="From 1; 0: it is the file as a whole.")]
    column: Annotated[int, Meta(description="From 1.")]
    code: Annotated[str, Meta(description="One of the configuration's codes.", examples=["grant"])]
    severity: Annotated[Literal["error", "warning"], Meta(description="A warning alone refuses nothing.")]
    text: Annotated[str, Meta(description="All of it, with its place, for people.")]


class RevisionPipeline(msgspec.Struct, frozen=True, kw_only=True):
    """What came of the file of a revision."""

    path: Annotated[str, Meta(description="Of the file, in the repository.", examples=[".buildledger.yaml"])]
    outcome: Annotated[
        Literal["read", "rejected", "missing", "unread"],
        Meta(
            description="`read`: it is built by; `rejected`: something is wrong with it, see `problems`; `missing`:"
            " there is no such file; `unread`: nobody has looked, as only heads of branches are read."
        ),
    ]
    text: Annotated[str, Meta(description="The outcome, for people.")]
    builders: Annotated[list[BuilderName], Meta(description="What it defines, matrices expanded; empty if not `read`.")]
    problems: Annotated[list[PipelineProblem], Meta(description="In the order of the file; empty if not `rejected`.")]
