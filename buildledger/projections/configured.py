"""What read models need of a configuration's text, and no more: any format version that has it can be read."""

from __future__ import annotations

from typing import Any

import msgspec

from buildledger.projections.columns import encode


class _Builder(msgspec.Struct, frozen=True):
    base: str
    matrix: dict[str, str | int | bool] = msgspec.field(default_factory=dict)
    project: str | None = None
    description: str = ""
    tags: tuple[str, ...] = ()


class _Start(msgspec.Struct, frozen=True):
    driver: str


class _Worker(msgspec.Struct, frozen=True):
    labels: dict[str, str] = msgspec.field(default_factory=dict)
    capacity: int = 1
    start: _Start | None = None


class _Source(msgspec.Struct, frozen=True):
    kind: str
    url: str
    default_branch: str | None = None


class _Text(msgspec.Struct, frozen=True):
    builders: dict[str, _Builder] = msgspec.field(default_factory=dict)
    workers: dict[str, _Worker] = msgspec.field(default_factory=dict)
    sources: dict[str, _Source] = msgspec.field(default_factory=dict)


_decoder = msgspec.json.Decoder(_Text)


def configured_builders(text: str) -> dict[str, dict[str, Any]]:
    """Columns of each configured builder, by name.

    Raises:
        msgspec.ValidationError: Msgspec.DecodeError.
    """
    return {
        name: {
            "base": builder.base,
            "matrix": encode(builder.matrix),
            "project": builder.project,
            "description": builder.description,
            "tags": encode(builder.tags),
        }
        for name, builder in _decoder.decode(text).builders.items()
    }


def configured_workers(text: str) -> dict[str, dict[str, Any]]:
    """Columns of each configured worker, by name. Raises as `configured_builders`."""
    return {
        name: {
            "configured_labels": encode(worker.labels),
            "configured_capacity": worker.capacity,
            "driver": "" if worker.start is None else worker.start.driver,
        }
        for name, worker in _decoder.decode(text).workers.items()
    }


def configured_sources(text: str) -> dict[str, dict[str, Any]]:
    """Columns of each configured source, by name. Raises as `configured_builders`."""
    return {
        name: {"kind": source.kind, "url": source.url, "default_branch": source.default_branch}
        for name, source in _decoder.decode(text).sources.items()
    }
