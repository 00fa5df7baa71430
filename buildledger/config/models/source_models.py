"""The file format: sources, one model for each version-control system that there is."""

# ruff: noqa: RUF012 - pydantic copies mutable defaults

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Union

from pydantic import Field, create_model

from buildledger.config.fields.field_types import Branch, BranchPattern, DurationOrNever, Text
from buildledger.config.fields.one_or_several import ONE_OR_SEVERAL
from buildledger.config.fields.strict import Strict, choose
from buildledger.sources.systems import SYSTEMS

PLANNED = frozenset({"svn", "hg", "bzr", "cvs", "darcs", "p4", "mtn", "repo", "gerrit", "github", "gitlab"})
"""Systems that are part of the format but not built in this version."""


class SourceDefaults(Strict):
    """What sources have that don't say otherwise themselves."""

    place: ClassVar = "source"
    unbuilt: ClassVar = frozenset({"webhook", "credentials", "codebase", "link", "accept"})

    poll: DurationOrNever = 60.0
    """How often to look for commits; `never`: don't."""
    branches: Annotated[list[BranchPattern], Field(min_length=1, max_length=64), ONE_OR_SEVERAL] = ["**"]
    """Which branches to follow: `*` and `?` stay inside a part of the name, `**` crosses `/`, `!` excludes."""
    default_branch: Branch | None = None
    """What to build when nobody names a branch; by default where the repository's HEAD points."""


class SourceModel(SourceDefaults):
    """A repository."""

    KEY: ClassVar[str]
    """The system's key, under which the address stands."""

    @property
    def address(self) -> str:
        """The repository's address as the file has it."""
        text: str = getattr(self, self.KEY)
        return text


def _model(key: str) -> type[SourceModel]:
    """The model of one system's sources: what all have, and the address under the system's key."""
    fields: dict[str, Any] = {key: (Text, Field(description=SYSTEMS[key].ADDRESS_HELP))}
    summary = f"A repository of the version-control system `{key}`."
    model = create_model(f"{key.capitalize()}Source", __base__=SourceModel, __doc__=summary, **fields)
    model.KEY = key
    return model


MODELS: dict[str, type[SourceModel]] = {key: _model(key) for key in SYSTEMS}

if TYPE_CHECKING:
    Source = SourceModel
else:
    Source = Annotated[
        Union[tuple(MODELS.values())],  # noqa: UP007 - a union of a tuple's members
        choose(None, MODELS, unbuilt=PLANNED - MODELS.keys(), what="source"),
    ]
