"""What read models keep of a configuration: columns of its builders, workers and sources, by their names."""

from __future__ import annotations

import logging
from typing import Any

from buildledger.config.machines import driver_of
from buildledger.config.resolved import Configuration
from buildledger.config.stored import read_configuration
from buildledger.events.stored_format import UnreadableTextError
from buildledger.projections.columns import encode

_log = logging.getLogger(__name__)

Columns = dict[str, dict[str, Any]]


def applied(text: str) -> Configuration | None:
    """The configuration that a fact applied; None if it is in no format that this version reads.

    The rows then stay as they are: the server's health says that what is in force can't be read.
    """
    try:
        return read_configuration(text)
    except UnreadableTextError as error:
        _log.warning("the read models leave a configuration out: %s", error)
        return None


def builder_columns(configuration: Configuration, before: Configuration | None) -> Columns:
    """Columns of each configured builder, but for those that are the very ones that they were before."""
    known = {} if before is None else before.builders
    return {
        name: {
            "base": builder.base,
            "matrix": encode(builder.matrix),
            "project": builder.project,
            "description": builder.description,
            "tags": encode(builder.tags),
            "sources": encode(builder.sources),
            "protected": builder.protected,
        }
        for name, builder in configuration.builders.items()
        if builder is not known.get(name)
    }


def worker_columns(configuration: Configuration) -> Columns:
    """Columns of each configured worker."""
    return {
        name: {
            "configured_labels": encode(worker.labels),
            "configured_capacity": worker.capacity,
            "driver": "" if worker.start is None else driver_of(worker.start),
        }
        for name, worker in configuration.workers.items()
    }


def source_columns(configuration: Configuration) -> Columns:
    """Columns of each configured source."""
    return {
        name: {"kind": source.kind, "url": source.url, "default_branch": source.default_branch}
        for name, source in configuration.sources.items()
    }
