"""The configuration and its revisions."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from buildledger.api.models.scalars import Actor, Cursor, Digest, Moment, Position


class EffectFailure(msgspec.Struct, frozen=True, kw_only=True):
    """A component that could not follow the revision."""

    component: Annotated[str, Meta(description="The part of the server.")]
    detail: Annotated[str, Meta(description="What went wrong.")]
    failed_at: Annotated[Moment, Meta(description="When it failed, in UTC.")]


class ConfigRevision(msgspec.Struct, frozen=True, kw_only=True):
    """A configuration that took effect."""

    revision: Annotated[int, Meta(description="Counts the configurations that took effect, from 1.", ge=1)]
    digest: Digest
    origin: Annotated[str, Meta(description="The file it was read from.", examples=["buildledger.yaml"])]
    plan: Annotated[
        list[str],
        Meta(description="What it created, changed and removed; the last line of a long plan says how many more."),
    ]
    message: Annotated[str, Meta(description="Why, in the words of whoever applied it.", examples=["more memory"])]
    restores: Annotated[
        int | None, Meta(description="The earlier revision whose content it has again; null: it came from a file.")
    ]
    applied_by: Annotated[Actor, Meta(description="Who put it in force.")]
    applied_at: Annotated[Moment, Meta(description="When it took effect, in UTC.")]
    position: Position
    active: Annotated[bool, Meta(description="It is in force.")]
    failures: Annotated[list[EffectFailure], Meta(description="Parts of the server that couldn't follow it.")]


class ConfigRevisionPage(msgspec.Struct, frozen=True, kw_only=True):
    """Revisions, newest first."""

    items: Annotated[list[ConfigRevision], Meta(description="The revisions of this page.")]
    next: Cursor
    position: Position


class ConfigDetail(msgspec.Struct, frozen=True, kw_only=True):
    """A revision with all it says; names of secrets, never their values."""

    revision: Annotated[ConfigRevision, Meta(description="Which revision it is.")]
    configuration: Annotated[dict[str, Any], Meta(description="Resolved: templates and matrices are expanded.")]
    position: Position


class PlannedField(msgspec.Struct, frozen=True, kw_only=True):
    """A field, or an element of a list, that differs."""

    path: Annotated[str, Meta(description="For people.", examples=['steps["make test"].argv[2]'])]
    action: Annotated[
        Literal["changed", "added", "removed", "moved"],
        Meta(description="`moved`: it stands elsewhere in its list; what else changed of it is told apart."),
    ]
    old: Annotated[str | None, Meta(description="As JSON; null: it wasn't there, or moved.", examples=['"-q"'])]
    new: Annotated[str | None, Meta(description="As JSON; null: it isn't there any more, or moved.")]
    old_at: Annotated[
        list[str | int] | None, Meta(description="The keys and indexes that led to it; null: it wasn't there.")
    ]
    new_at: Annotated[list[str | int] | None, Meta(description="Those that lead to it; null: it isn't there any more.")]


class PlannedEntry(msgspec.Struct, frozen=True, kw_only=True):
    """One thing of the configuration that would be created, changed or removed."""

    action: Annotated[Literal["created", "changed", "removed"], Meta(description="What would happen to it.")]
    kind: Annotated[str, Meta(description="What it is; a section of the file, such as `server`, is its own kind.")]
    name: Annotated[str, Meta(description="Its name.", examples=["tests[3.12,linux]"])]
    base: Annotated[str | None, Meta(description="Of a cell of a matrix: the builder's name in the file.")]
    fields: Annotated[list[PlannedField], Meta(description="What changes of it; empty unless it is `changed`.")]


class ConfigPlan(msgspec.Struct, frozen=True, kw_only=True):
    """What would change if a configuration were put in force."""

    compared_with: Annotated[
        int, Meta(ge=0, description="The revision it is compared with, to give as `expected_revision`; 0: none is.")
    ]
    note: Annotated[str, Meta(description="Why it is compared as if nothing were in force; empty: it isn't.")]
    text: Annotated[
        list[str], Meta(description="The plan for people, a line each, fields indented below what they are of.")
    ]
    effects: Annotated[
        list[str], Meta(description="What happens at once to requests that wait, builds that run, workers and sources.")
    ]
    hindrances: Annotated[
        list[str], Meta(description="Why it can't be put in force: secrets that the server can't have. Empty: it can.")
    ]
    watched_file: Annotated[
        str | None,
        Meta(description="The file that the server applies at its start and whenever it changes; null: there is none."),
    ]
    changes: Annotated[bool, Meta(description="Anything differs, or this is the first.")]
    entries: Annotated[list[PlannedEntry], Meta(description="All that differs, if it was asked for by `entries=true`.")]
    position: Position
