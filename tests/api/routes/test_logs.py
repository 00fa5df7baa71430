"""Step output through the API: lines, search, raw bytes and growth."""

from __future__ import annotations

import asyncio
import sqlite3
from contextlib import aclosing
from pathlib import Path
from uuid import UUID

import httpx
import pytest

from buildledger.domain.log import FinishLog, OpenLog
from buildledger.events.ids import LogId
from buildledger.events.log import LogFinished, LogOpened
from buildledger.logs.store import LogBytes
from tests.api.conftest import Site, settled
from tests.api.serving import DEADLINE_SECONDS, events, serving
from tests.projections.samples import nowhere

LINES = [b"plain", b"\x1b[31mred\x1b[0m", "größer 🙂 error here".encode(), b"\xff\xfe not utf-8", b"last error"]


CONTENT = b"\n".join(LINES) + b"\n"


@pytest.fixture
async def log_id(site: Site) -> UUID:
    """A log of a running build, with five lines in it, that isn't finished."""
    world = site.world
    await asyncio.to_thread(world.submit, "lint")
    made = await asyncio.to_thread(world.assign)
    assert made is not None
    running = world.running[made]
    opened = LogOpened(build_id=made, step=0, operation_id=running.operation, channel="stdio", label="pytest")
    await asyncio.to_thread(world.execute, OpenLog(log_id=running.log, opened=opened))
    await site.logs.append([LogBytes(log_id=running.log, offset=0, data=CONTENT)])
    await settled(site)
    return running.log


async def test_lines_are_text(client: httpx.AsyncClient, log_id: UUID) -> None:
    """Lines keep their escape sequences, and bytes of no known encoding are replaced, not lost."""
    answer = (await client.get(f"/api/v1/logs/{log_id}/lines", params={"first": 1, "limit": 3})).json()
    assert answer["first"] == 1
    assert answer["items"] == ["\x1b[31mred\x1b[0m", "größer 🙂 error here", "\ufffd\ufffd not utf-8"]
    assert answer["extent"] == {"size_bytes": len(CONTENT), "line_count": 5, "finished": False}
    beyond = (await client.get(f"/api/v1/logs/{log_id}/lines", params={"first": 99})).json()
    assert (beyond["items"], beyond["next"]) == ([], None)


async def test_lines_and_hits_come_in_pages(client: httpx.AsyncClient, log_id: UUID) -> None:
    """As in every list, following `next` gives each line and each hit once, and null ends it."""
    for address, expected in (
        (f"/api/v1/logs/{log_id}/lines?limit=2", [line.decode("utf-8", "replace") for line in LINES]),
        (f"/api/v1/logs/{log_id}/search?limit=1&pattern=error", [2, 4]),
    ):
        found, page = [], (await client.get(address)).json()
        found += page["items"]
        while page["next"] is not None:
            page = (await client.get(f"{address}&cursor={page['next']}")).json()
            assert page["position"] > 0
            found += page["items"]
        assert [one if isinstance(one, str) else one["line"] for one in found] == expected
    cursor = (await client.get(f"/api/v1/logs/{log_id}/lines?limit=2")).json()["next"]
    wrong = await client.get(f"/api/v1/logs/{log_id}/search?pattern=x&cursor={cursor}")
    assert (wrong.status_code, wrong.json()["code"]) == (400, "bad_cursor")


async def test_a_search_counts_characters(client: httpx.AsyncClient, log_id: UUID) -> None:
    """A match is found anywhere in the log and placed by characters of the text that is sent."""
    answer = (
        await client.get(f"/api/v1/logs/{log_id}/search", params={"pattern": "ERROR", "ignore_case": True})
    ).json()
    assert [hit["line"] for hit in answer["items"]] == [2, 4]
    assert answer["next"] is None
    for hit in answer["items"]:
        assert hit["text"][hit["start"] : hit["end"]] == "error"
    bad = await client.get(f"/api/v1/logs/{log_id}/search", params={"pattern": "(", "regex": True})
    assert (bad.status_code, bad.json()["code"]) == (422, "bad_pattern")


async def test_raw_bytes_are_exact_and_inert(client: httpx.AsyncClient, log_id: UUID) -> None:
    """The raw log is what the process wrote, as plain text that no browser runs."""
    answer = await client.get(f"/api/v1/logs/{log_id}/raw")
    assert answer.content == CONTENT
    assert answer.headers["content-type"] == "text/plain; charset=utf-8"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "sandbox" in answer.headers["content-security-policy"]


@pytest.mark.parametrize(
    ("wanted", "status", "content"),
    [
        ("bytes=0-3", 206, CONTENT[:4]),
        ("bytes=6-", 206, CONTENT[6:]),
        ("bytes=-5", 206, CONTENT[-5:]),
        ("bytes=0-999999", 200, CONTENT),
        ("bytes=999-", 416, None),
        ("bytes=5-2", 416, None),
        ("lines=1-2", 200, CONTENT),
        ("bytes=-", 200, CONTENT),
    ],
)
async def test_a_range_of_bytes(
    client: httpx.AsyncClient, log_id: UUID, wanted: str, status: int, content: bytes | None
) -> None:
    """A range is answered as the standard says; what isn't understood is ignored."""
    answer = await client.get(f"/api/v1/logs/{log_id}/raw", headers={"Range": wanted})
    assert answer.status_code == status
    if content is not None:
        assert answer.content == content
    if status == 416:
        assert answer.headers["content-range"] == f"bytes */{len(CONTENT)}"


async def test_growth_is_told_until_the_end(site: Site, client: httpx.AsyncClient, log_id: UUID) -> None:
    """Each growth is an event; the stream ends when the log does."""
    async with serving(site.app) as url, asyncio.timeout(DEADLINE_SECONDS):
        sizes = []
        async with aclosing(events(url, f"/api/v1/logs/{log_id}/stream")) as stream:
            async for event in stream:
                assert event.kind == "grown"
                sizes.append(event.data["size_bytes"])
                if len(sizes) == 1:
                    await site.logs.append([LogBytes(log_id=log_id, offset=len(CONTENT), data=b"more\n")])
                elif not event.data["finished"]:
                    (digest,) = await site.logs.append([], finish=[log_id])
        assert sizes[0] == len(CONTENT)
        assert sizes[-1] == digest.size_bytes == len(CONTENT) + 5
    finished = LogFinished(size_bytes=digest.size_bytes, line_count=digest.line_count, sha256=digest.sha256)
    await asyncio.to_thread(site.world.execute, FinishLog(log_id=LogId(log_id), finished=finished))
    await settled(site)
    raw = await client.get(f"/api/v1/logs/{log_id}/raw")
    assert raw.headers["etag"] == f'"{digest.sha256}"'
    detail = (await client.get(f"/api/v1/logs/{log_id}")).json()
    assert detail["log"]["sha256"] == digest.sha256
    assert detail["extent"]["finished"]


async def test_a_log_that_nobody_opened_is_not_there(client: httpx.AsyncClient) -> None:
    """Ids that no fact speaks of show nothing of the log store."""
    for part in ("", "/lines", "/search?pattern=x", "/raw", "/stream"):
        assert (await client.get(f"/api/v1/logs/{nowhere()}{part}")).status_code == 404


@pytest.fixture
async def finished_log(site: Site, log_id: UUID) -> UUID:
    """The same log, finished."""
    (digest,) = await site.logs.append([], finish=[log_id])
    finished = LogFinished(size_bytes=digest.size_bytes, line_count=digest.line_count, sha256=digest.sha256)
    await asyncio.to_thread(site.world.execute, FinishLog(log_id=LogId(log_id), finished=finished))
    await settled(site)
    return log_id


PARTS = ("/lines", "/search?pattern=error", "/search?pattern=err.r&regex=true", "/raw", "/stream")


def _alter(directory: Path, statement: str, *parameters: object) -> None:
    with sqlite3.connect(directory / "logs" / "logs.db") as database:
        database.execute(statement, parameters)
    database.close()


@pytest.mark.parametrize("seen_before", [False, True])
async def test_an_altered_log_is_never_shown(
    tmp_path: Path, client: httpx.AsyncClient, finished_log: UUID, seen_before: bool
) -> None:
    """Its digest is checked when it is opened, and each part that is read later is compared: 409, with the reason."""
    address = f"/api/v1/logs/{finished_log}"
    if seen_before:
        assert (await client.get(f"{address}/raw")).content == CONTENT
    _alter(tmp_path, "UPDATE chunk SET data = ?", CONTENT.replace(b"plain", b"plane"))
    for part in PARTS[:4]:
        answer = await client.get(address + part)
        assert (answer.status_code, answer.json()["code"]) == (409, "altered"), part
        assert str(finished_log) in answer.json()["detail"]


@pytest.mark.parametrize("finished", [False, True])
async def test_a_log_whose_bytes_are_gone_is_no_empty_log(
    site: Site, tmp_path: Path, client: httpx.AsyncClient, log_id: UUID, finished: bool
) -> None:
    """It is 410 with the reason, and not 200 with nothing in it."""
    if finished:
        (digest,) = await site.logs.append([], finish=[log_id])
        said = LogFinished(size_bytes=digest.size_bytes, line_count=digest.line_count, sha256=digest.sha256)
        await asyncio.to_thread(site.world.execute, FinishLog(log_id=LogId(log_id), finished=said))
        await settled(site)
    _alter(tmp_path, "DELETE FROM log")
    for part in PARTS:
        answer = await client.get(f"/api/v1/logs/{log_id}{part}")
        assert (answer.status_code, answer.json()["code"]) == (410, "gone"), part
        assert "backup" in answer.json()["detail"]
