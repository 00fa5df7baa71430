"""The network that cases break does just what it is told."""

import asyncio
import contextlib
from collections.abc import AsyncIterator

import pytest

from buildledger.conformance.proxy import Door

DEADLINE_SECONDS = 10.0
Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]


@pytest.fixture
async def door() -> AsyncIterator[Door]:
    """A door to a server that sends everything back."""

    async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(asyncio.CancelledError, ConnectionError):
            while data := await reader.read(1 << 16):
                writer.write(data)
        writer.close()

    server = await asyncio.start_server(echo, "127.0.0.1", 0)
    door = Door("main", server.sockets[0].getsockname()[1], lambda _: None)
    await door.up()
    yield door
    await door.close()
    server.close()


async def connect(door: Door) -> Streams:
    return await asyncio.open_connection("127.0.0.1", door.port)


async def say(streams: Streams, data: bytes) -> bytes:
    """Send, and return what comes back before the connection ends or everything is there."""
    reader, writer = streams
    writer.write(data)
    try:
        return await asyncio.wait_for(reader.readexactly(len(data)), DEADLINE_SECONDS)
    except asyncio.IncompleteReadError as error:
        return error.partial
    except ConnectionResetError:
        return b""


async def test_bytes_pass_unchanged(door: Door) -> None:
    """Left alone, the network isn't noticed."""
    data = bytes(range(256)) * 4096
    assert await say(await connect(door), data) == data
    assert (door.accepted, door.cuts) == (1, 0)


async def test_a_cut_comes_at_the_byte(door: Door) -> None:
    """So many bytes pass, and not one more; a fresh connection is whole."""
    streams = await connect(door)
    assert await say(streams, b"hello") == b"hello"
    door.cut_after(3)
    assert await say(streams, b"world") == b""
    assert door.cuts == 1
    assert await say(await connect(door), b"again") == b"again"


async def test_random_cuts_end(door: Door) -> None:
    """After the given number of cuts, connections last."""
    door.cut_at_random(3, within_bytes=100, seed=1)
    for _ in range(3):
        assert len(await say(await connect(door), b"x" * 100)) < 100
    assert await say(await connect(door), b"x" * 100) == b"x" * 100
    assert door.cuts == 3


async def test_a_frozen_connection_says_nothing_and_is_not_closed(door: Door) -> None:
    """Bytes wait; other connections go on; after the thaw nothing is lost."""
    streams = await connect(door)
    assert await say(streams, b"one") == b"one"
    door.freeze(fresh_too=False)
    waiting = asyncio.create_task(say(streams, b"two"))
    assert await say(await connect(door), b"other") == b"other"
    assert not waiting.done()
    door.thaw()
    assert await waiting == b"two"


async def test_a_closed_door_refuses_and_opens_at_the_same_address(door: Door) -> None:
    """As a server that is restarted."""
    port = door.port
    streams = await connect(door)
    await door.down()
    assert await say(streams, b"x") == b""
    with pytest.raises(ConnectionRefusedError):
        await connect(door)
    await door.up()
    assert door.port == port
    assert await say(await connect(door), b"back") == b"back"
