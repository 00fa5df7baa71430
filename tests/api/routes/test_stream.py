"""The ledger's tail over a real connection: nothing is missing and nothing comes twice, whatever breaks in between."""

from __future__ import annotations

import asyncio
import random
from contextlib import aclosing

import httpx

from tests.api.conftest import AUTHORIZED, Site, settled
from tests.api.serving import DEADLINE_SECONDS, events, serving


async def collect(url: str, path: str, until: int, **headers: str) -> list[int]:
    """The positions of all events until one."""
    found = []
    async with asyncio.timeout(DEADLINE_SECONDS), aclosing(events(url, path, **headers)) as stream:
        async for event in stream:
            found.append(event.id)
            if event.id >= until:
                return found
    return found


async def begun(site: Site) -> None:
    """Wait until somebody listens."""
    while not site.app.state.streams.count:  # noqa: ASYNC110 - what is waited for tells nobody
        await asyncio.sleep(0.002)


async def test_a_reader_that_is_cut_off_again_and_again_misses_nothing(site: Site) -> None:
    """Connections that break at random while facts arrive: resumed by the last id, each fact comes once, in order."""
    randomness = random.Random(11)
    found: list[int] = []
    async with serving(site.app) as url, asyncio.timeout(60):
        acting = asyncio.create_task(asyncio.to_thread(site.world.act, 250))
        while not acting.done() or found[-1] < site.ledger.head():
            patience = randomness.randrange(1, 60)
            last = {"Last-Event-ID": str(found[-1])} if found else {}
            async with aclosing(events(url, "/api/v1/stream?after=0", **last)) as stream:
                async for event in stream:
                    assert event.kind == "fact"
                    assert event.data["position"] == event.id
                    found.append(event.id)
                    patience -= 1
                    if patience == 0 or (acting.done() and event.id == site.ledger.head()):
                        break
        await acting
    assert found == list(range(1, site.ledger.head() + 1))


async def test_what_an_event_speaks_of_can_be_read(site: Site) -> None:
    """When a fact arrives, every read has reached its position already."""
    async with serving(site.app) as url, httpx.AsyncClient(base_url=url, headers=AUTHORIZED) as client:
        head = await settled(site)
        acting = asyncio.create_task(asyncio.to_thread(site.world.act, 40))
        async with asyncio.timeout(DEADLINE_SECONDS), aclosing(events(url, f"/api/v1/stream?after={head}")) as stream:
            async for event in stream:
                answer = await client.get("/api/v1/home")
                assert answer.json()["position"] >= event.id
                if event.id >= head + 30:
                    break
        await acting


async def test_a_filter_passes_only_what_was_asked_for(site: Site) -> None:
    """Names by their beginning, streams and correlations are filtered by the server."""
    await asyncio.to_thread(site.world.act, 80)
    head = await settled(site)
    facts = site.ledger.read(0, 10_000)
    finished = [recorded.position for recorded in facts if recorded.name.startswith(("build.fin", "log."))]
    stream_id = facts[finished[0] - 1].stream_id
    async with serving(site.app) as url:
        path = "/api/v1/stream?after=0&name=build.fin&name=log."
        assert await collect(url, path, finished[-1]) == finished
        own = [recorded.position for recorded in facts if recorded.stream_id == stream_id]
        assert await collect(url, f"/api/v1/stream?after=0&stream={stream_id}", own[-1]) == own
    assert head == facts[-1].position


async def test_without_a_position_a_stream_begins_with_what_is_new(site: Site) -> None:
    """A reader that says nothing gets no history."""
    await asyncio.to_thread(site.world.act, 20)
    head = await settled(site)
    async with serving(site.app) as url, asyncio.timeout(DEADLINE_SECONDS):
        reading = asyncio.create_task(collect(url, "/api/v1/stream", head + 1))
        await begun(site)
        while not reading.done():
            await asyncio.to_thread(site.world.commit)
        assert (await reading)[0] > head


async def test_streams_end_with_the_server(site: Site) -> None:
    """When the streams are closed each ends in good order, and the server needn't wait for its clients."""
    async with serving(site.app) as url, asyncio.timeout(DEADLINE_SECONDS):
        reading = asyncio.create_task(collect(url, "/api/v1/stream", 10**9))
        await begun(site)
        site.app.state.streams.close()
        assert await reading == []
    assert site.app.state.streams.count == 0
