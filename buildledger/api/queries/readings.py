"""Opening the read models for one request: at the position asked for, once for everything in the answer."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import msgspec
from fastapi import Request, Response

from buildledger.api.http.dependencies import ApiDependencies, dependencies
from buildledger.api.http.responses import json_response, stop_if_unchanged
from buildledger.api.queries.configurations import Configurations
from buildledger.projections.reading import PositionAhead, Reading

PATIENCE_SECONDS = 2.0
"""How long a read as of a position that is recorded waits for the read models to come there."""


class Reads:
    """Readings of several views, all at one position."""

    def __init__(self, deps: ApiDependencies, request: Request, readings: dict[str, Reading]) -> None:
        self.deps = deps
        self.configurations: Configurations = request.app.state.configurations
        self._request = request
        self._readings = readings
        first = next(iter(readings.values()))
        self.position = first.position
        self.etag = f'W/"{max(reading.changed for reading in readings.values())}-{deps.version}"'

    def __getitem__(self, view: str) -> Reading:
        return self._readings[view]

    def stop_if_unchanged(self) -> None:
        """End here if the caller has this very answer. Raises: Unchanged."""
        stop_if_unchanged(self._request, self.etag, self.position)

    def respond(self, model: msgspec.Struct) -> Response:
        """`model` with the ETag and position of these readings."""
        return json_response(model, etag=self.etag, position=self.position)


@contextmanager
def reading(request: Request, as_of: int | None, *views: str) -> Iterator[Reads]:
    """Readings for a request that runs in a thread; ends at once where the caller's copy is current.

    Raises: PositionAhead, Unchanged.
    """
    deps = dependencies(request)
    if (
        as_of is not None
        and as_of <= deps.ledger.head()
        and not deps.views.progress.reached_blocking(as_of, PATIENCE_SECONDS)
    ):
        raise PositionAhead(as_of, deps.views.progress.position)
    with deps.views.read(as_of, *views) as readings:
        reads = Reads(deps, request, dict(zip(views, readings, strict=True)))
        reads.stop_if_unchanged()
        yield reads
