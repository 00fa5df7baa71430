"""The ledger's tail as server-sent events: each fact once, in order, from any position."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator
from typing import Annotated

from fastapi import Header, Query, Request, Response

from buildledger.api.http.dependencies import ApiDependencies, Dependencies
from buildledger.api.http.event_stream import STREAM_RESPONSES, EventStream, event
from buildledger.api.http.routing import api_router
from buildledger.api.models.limits import POSITION_MAX
from buildledger.api.queries.facts import FactFilter, WantedFacts, as_facts
from buildledger.events.fact import Recorded
from buildledger.ledger.errors import DATABASE_ERRORS

BATCH_FACTS = 200
RETRY_SECONDS = 1.0
"""Between two tries while the database is away."""
QUIET_FACTS = 2_000
"""After so many facts that a filter passed over, the client is told the position all the same."""

router = api_router("ledger")


@router.get("/stream", responses=STREAM_RESPONSES)
async def stream_facts(
    request: Request,
    deps: Dependencies,
    wanted: WantedFacts,
    after: Annotated[
        int | None,
        Query(ge=0, le=POSITION_MAX, description="The last position known already. Default: only what is new."),
    ] = None,
    last_event_id: Annotated[str | None, Header(description="Sent by browsers; stronger than `after`.")] = None,
) -> Response:
    """Facts as they happen: `fact` events whose id is the position and whose data is a Fact.

    A fact is sent once every read shows it, so what is read because of an event is never older than the event. A
    `position` event, whose data is empty, only moves the place from which a client that comes back goes on.
    """
    position = deps.views.progress.position
    if last_event_id is not None and last_event_id.isdecimal() and len(last_event_id) < 17:
        position = int(last_event_id)
    elif after is not None:
        position = after
    return EventStream(request.app.state.streams, _facts(deps, position, wanted))


async def _facts(deps: ApiDependencies, position: int, wanted: FactFilter) -> AsyncGenerator[bytes, None]:
    told = position
    progress = deps.views.progress
    with progress.subscribe() as moved:
        while not progress.closed:
            moved.clear()
            shown = min(progress.position, deps.ledger.head())
            if shown <= position:
                await moved.wait()
                continue
            try:
                batch = await asyncio.to_thread(deps.ledger.read, position, min(BATCH_FACTS, shown - position))
                taken = [recorded for recorded in batch if wanted.matches(recorded)]
                encoded = await asyncio.to_thread(_encoded, deps, taken) if taken else b""
            except DATABASE_ERRORS:
                # the client has nothing to do but to wait, so it is kept
                await asyncio.sleep(RETRY_SECONDS)
                continue
            position = batch[-1].position
            if taken:
                told = position
                yield encoded
            if position - told >= QUIET_FACTS:
                told = position
                yield event("position", position, {})


def _encoded(deps: ApiDependencies, batch: list[Recorded]) -> bytes:
    return b"".join(event("fact", fact.position, fact) for fact in as_facts(deps, batch))
