"""Nothing that a call of the API has taken stays taken when the call is cancelled, wherever it waits at that moment."""

from __future__ import annotations

import asyncio
import contextlib
from pathlib import Path
from typing import Any
from uuid import UUID

import httpx
import pytest
from starlette.types import Message, Receive, Scope, Send

from buildledger.domain.log import OpenLog
from buildledger.events.log import LogOpened
from buildledger.logs.local import REGEX_SEARCHES_MAX
from buildledger.logs.store import LogBytes
from buildledger.testing.cancellation import Interruption, Moment, interruptions
from tests.api.conftest import AUTHORIZED, Site, settled
from tests.api.stored_builds import Builds, a_directory

DESCRIPTORS = Path("/proc/self/fd")


async def _called(
    site: Site, path: str, interruption: Interruption, method: str = "GET", body: bytes | None = None
) -> None:
    """Call the application as a server does whose client leaves when the answer has begun."""
    unread = [] if body is None else [body]

    async def receive() -> Message:
        if unread:
            return {"type": "http.request", "body": unread.pop(), "more_body": False}
        await asyncio.sleep(0.01)
        return {"type": "http.disconnect"}

    async def send(message: Message) -> None:
        await asyncio.sleep(0)

    address, _, query = path.partition("?")
    scope: dict[str, Any] = {
        "type": "http",
        "asgi": {"version": "3.0"},
        "http_version": "1.1",
        "method": method,
        "scheme": "http",
        "path": address,
        "raw_path": address.encode(),
        "query_string": query.encode(),
        "root_path": "",
        "headers": [(name.lower().encode(), value.encode()) for name, value in AUTHORIZED.items()]
        + [(b"host", b"localhost:8010"), (b"content-type", b"application/json")],
        "client": ("127.0.0.1", 1),
        "server": ("localhost", 8010),
    }

    async def call(scope: Scope, receive: Receive, send: Send) -> None:
        await site.app(scope, receive, send)

    async def interrupted() -> None:
        await interruption.of(call(scope, receive, send))

    task = asyncio.ensure_future(interrupted())
    with contextlib.suppress(asyncio.CancelledError):
        async with asyncio.timeout(30):
            await asyncio.wait({task})
        task.result()


class _Places(dict[str, object]):
    """What stands for the parameters of an address; the first of its kind for those that aren't given."""

    def __missing__(self, key: str) -> str:
        return "1"


def _open_below(directory: Path) -> list[str]:
    opened = []
    for descriptor in DESCRIPTORS.iterdir():
        with contextlib.suppress(OSError):
            opened.append(str(descriptor.readlink()))
    return [path for path in opened if path.startswith(str(directory))]


async def test_every_call_leaves_nothing(site: Site, client: httpx.AsyncClient, tmp_path: Path) -> None:
    """After each call of each address that was cancelled anywhere, nothing goes on, and no file of a store is open.

    The addresses are those that the API describes: one that is added is tried by itself.
    """
    log = await _log(site)
    builds = await asyncio.to_thread(Builds, site)
    kept = await asyncio.to_thread(builds.keep, "a.bin", b"0123456789" * 1_000)
    request = await asyncio.to_thread(site.world.submit, "lint")
    await settled(site)
    known = {"operation_id": kept, "build_id": builds.build, "request_id": request, "log_id": log}
    names = {"builders": "lint", "sources": "widget", "workers": "w1"}
    calls = [
        (verb.upper(), path.format_map(_Places({**known, "name": names.get(path.split("/")[3], "")})))
        for path, verbs in site.app.openapi()["paths"].items()
        for verb in verbs
    ]
    assert len(calls) > 40
    for verb, path in calls:
        happened = 0
        async for interruption in interruptions():
            await _called(site, path, interruption, verb, b"{}" if verb != "GET" else None)
            happened += interruption.has_happened
            assert site.app.state.streams.count == 0, (path, interruption)
        assert happened, f"{verb} {path} was never cancelled"
    for _ in range(100):
        if len(asyncio.all_tasks()) == 1 and not _open_below(tmp_path / "artifacts"):
            break
        await asyncio.sleep(0.02)
    assert [each.get_coro() for each in asyncio.all_tasks() - {asyncio.current_task()}] == []
    assert _open_below(tmp_path / "artifacts") == []
    assert (await client.get("/api/v1/builds")).status_code == 200


@pytest.mark.parametrize("path", ["/api/v1/stream", "/api/v1/stream?after=0"])
async def test_a_stream_leaves_its_place(site: Site, path: str) -> None:
    """After a stream that was cancelled anywhere, none counts as open, and nobody waits for what comes next."""
    Builds(site)
    site.settle()
    streams = site.app.state.streams
    async for interruption in interruptions():
        await _called(site, path, interruption)
        assert streams.count == 0, interruption
    await asyncio.sleep(0.05)
    assert len(asyncio.all_tasks()) == 1


async def test_downloads_leave_no_file_open(site: Site, tmp_path: Path) -> None:
    """After a download that was cancelled anywhere, of a file or of a directory, no file of the store is open."""
    builds = Builds(site)
    operations = [builds.keep("a.bin", b"0123456789" * 100_000), builds.keep_directory("site", a_directory(builds))]
    site.settle()
    for operation in operations:
        async for interruption in interruptions():
            await _called(site, f"/api/v1/artifacts/{operation}", interruption)
    for _ in range(100):
        if not _open_below(tmp_path / "artifacts"):
            break
        await asyncio.sleep(0.02)
    assert _open_below(tmp_path / "artifacts") == []


async def test_searches_leave_their_place(site: Site, client: httpx.AsyncClient) -> None:
    """After searches that were cancelled while they waited, there is room for as many as before."""
    path = f"/api/v1/logs/{await _log(site)}/search?pattern=a.c&regex=true"
    async for interruption in interruptions():
        if interruption.moment is Moment.ANSWERED:
            break  # each search is a process: one moment of each suspension is enough
        await _called(site, path, interruption)
    answers = await asyncio.gather(*(client.get(path) for _ in range(REGEX_SEARCHES_MAX + 1)))
    assert {answer.status_code for answer in answers} == {200}


async def _log(site: Site) -> UUID:
    """A log of a running build, with a line in it."""
    world = site.world
    await asyncio.to_thread(world.submit, "lint")
    made = await asyncio.to_thread(world.assign)
    assert made is not None
    running = world.running[made]
    opened = LogOpened(build_id=made, step=0, operation_id=running.operation, channel="stdio", label="pytest")
    await asyncio.to_thread(world.execute, OpenLog(log_id=running.log, opened=opened))
    await site.logs.append([LogBytes(log_id=running.log, offset=0, data=b"abc\n")])
    await settled(site)
    return running.log
