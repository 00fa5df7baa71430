"""What steps of builds have generated, and where generated builds come from."""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta

from buildledger.api.models.pipelines import PipelineProblem
from buildledger.api.models.scalars import BuilderName, BuildRef, Id


class GeneratedBuilder(msgspec.Struct, frozen=True, kw_only=True):
    """A builder that a step has generated."""

    builder: BuilderName
    request: Annotated[Id | None, Meta(description="The request for its build; null: its `when` didn't hold.")]
    build: Annotated[BuildRef | None, Meta(description="The build that has or answered the request; null: none yet.")]


class Generated(msgspec.Struct, frozen=True, kw_only=True):
    """What a step has generated."""

    builders: Annotated[
        list[GeneratedBuilder],
        Meta(description="Matrices expanded, in the order of the text; empty if anything is wrong with it."),
    ]
    problems: Annotated[
        list[PipelineProblem], Meta(description="What is wrong with it, or warned of, in the order of the text.")
    ]


class GeneratedBy(msgspec.Struct, frozen=True, kw_only=True):
    """The step that has generated a build's builder."""

    build: Annotated[BuildRef, Meta(description="The build whose step it was.")]
    step: Annotated[int, Meta(description="The step's place in that build, from 0.")]
    step_name: Annotated[str, Meta(description="The step's name.", examples=["plan"])]
