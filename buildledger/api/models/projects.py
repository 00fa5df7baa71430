"""Projects: what builders belong to."""

from __future__ import annotations

from typing import Annotated

import msgspec
from msgspec import Meta

from buildledger.api.models.scalars import Position


class Project(msgspec.Struct, frozen=True, kw_only=True):
    """What builders belong to, for people."""

    name: Annotated[str, Meta(description="Its name in the configuration.", examples=["widget"])]
    title: Annotated[str, Meta(description="What it is called: as the configuration says, else its name.")]
    description: Annotated[str, Meta(description="What it is, as the configuration says; may be empty.")]
    url: Annotated[str | None, Meta(description="Where more of it is to be found; null: not known.")]
    builder_count: Annotated[int, Meta(description="How many configured builders belong to it, cells counted singly.")]
    broken_count: Annotated[int, Meta(description="How many of those are broken on their default branch.")]


class ProjectList(msgspec.Struct, frozen=True, kw_only=True):
    """All projects, by name: those that the configuration describes, and those that builders name."""

    items: Annotated[list[Project], Meta(description="The projects.")]
    position: Position


class ProjectDetail(msgspec.Struct, frozen=True, kw_only=True):
    """One project; `/builders?project=` has its builders."""

    project: Annotated[Project, Meta(description="The project as lists show it.")]
    position: Position
