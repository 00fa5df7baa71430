"""Reads the read models for one request, everything in the answer at the same position: the one asked for."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Annotated

from fastapi import Depends, Request

from buildledger.api.http.dependencies import ApiDependencies, Dependencies
from buildledger.api.http.parameters import AsOf
from buildledger.api.http.responses import JsonResponse, Model, stop_if_unchanged
from buildledger.api.queries.configurations import ConfigurationQueries
from buildledger.api.queries.personal_data import PersonalDataResolver
from buildledger.projections.reading import PositionAhead, Reading

PATIENCE_SECONDS = 2.0
"""How long a read as of a position that is recorded waits for the read models to come there."""


class Readings:
    """Readings of several views, all at one position: `readings["status"]` is that of the view named so."""

    def __init__(
        self, deps: ApiDependencies, configurations: ConfigurationQueries, readings: dict[str, Reading]
    ) -> None:
        self.deps = deps
        self.configurations = configurations
        self._readings = readings
        self.position = next(iter(readings.values())).position
        self.etag = f'W/"{max(reading.changed for reading in readings.values())}-{deps.version}"'

    def __getitem__(self, view: str) -> Reading:
        return self._readings[view]

    def personal_data(self) -> PersonalDataResolver:
        """A resolver for this answer; the view `people` has to be among those that are read."""
        return PersonalDataResolver(self.deps.vault, self["people"])

    def respond(self, model: Model) -> JsonResponse[Model]:
        """`model` with the ETag and position of these readings."""
        return JsonResponse(model, etag=self.etag, position=self.position)


class ReadModels:
    """The read models as one request may see them: at present, or as of the position that it names."""

    def __init__(self, request: Request, deps: ApiDependencies, as_of: int | None) -> None:
        self._request = request
        self._deps = deps
        self._as_of = as_of

    @contextmanager
    def read(self, *views: str) -> Iterator[Readings]:
        """Readings of these views, for an endpoint that runs in a thread.

        Raises:
            PositionAhead: the read models, or the ledger, haven't reached the position asked for.
            Unchanged: the caller's copy of the answer is current.
        """
        deps, as_of = self._deps, self._as_of
        if (
            as_of is not None
            and as_of <= deps.ledger.head()
            and not deps.views.progress.reached_blocking(as_of, PATIENCE_SECONDS)
        ):
            raise PositionAhead(as_of, deps.views.progress.position)
        with deps.views.read(as_of, *views) as found:
            configurations: ConfigurationQueries = self._request.app.state.configurations
            readings = Readings(deps, configurations, dict(zip(views, found, strict=True)))
            stop_if_unchanged(self._request, readings.etag, readings.position)
            yield readings


async def _read_models(request: Request, deps: Dependencies, as_of: AsOf = None) -> ReadModels:
    return ReadModels(request, deps, as_of)


ReadModelsAsOf = Annotated[ReadModels, Depends(_read_models)]
"""As a parameter of an endpoint: its way to the read models. Brings the parameter `as_of`."""
