"""The network that cases break does just what it is told."""

import asyncio
import contextlib
from collections.abc import AsyncIterator

import pytest

from buildledger.conformance.proxy import Proxy

DEADLINE_SECONDS = 10.0
Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]


@pytest.fixture
async def proxy() -> AsyncIterator[Proxy]:
    """A proxy to a server that sends everything back."""

    async def echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(asyncio.CancelledError, ConnectionError):
            while data := await reader.read(1 << 16):
                writer.write(data)
        writer.close()

    server = await asyncio.start_server(echo, "127.0.0.1", 0)
    proxy = Proxy("main", server.sockets[0].getsockname()[1], lambda _: None)
    await proxy.up()
    yield proxy
    await proxy.close()
    server.close()


async def connect(proxy: Proxy) -> Streams:
    return await asyncio.open_connection("127.0.0.1", proxy.port)


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


async def test_bytes_pass_unchanged(proxy: Proxy) -> None:
    """Left alone, the network isn't noticed."""
    data = bytes(range(256)) * 4096
    assert await say(await connect(proxy), data) == data
    assert (proxy.accepted, proxy.cuts) == (1, 0)


async def test_a_cut_comes_at_the_byte(proxy: Proxy) -> None:
    """So many bytes pass, and not one more; a fresh connection is whole."""
    streams = await connect(proxy)
    assert await say(streams, b"hello") == b"hello"
    proxy.cut_after(3)
    assert await say(streams, b"world") == b""
    assert proxy.cuts == 1
    assert await say(await connect(proxy), b"again") == b"again"


async def test_random_cuts_end(proxy: Proxy) -> None:
    """After the given number of cuts, connections last."""
    proxy.cut_at_random(3, within_bytes=100, seed=1)
    for _ in range(3):
        assert len(await say(await connect(proxy), b"x" * 100)) < 100
    assert await say(await connect(proxy), b"x" * 100) == b"x" * 100
    assert proxy.cuts == 3


async def test_a_frozen_connection_says_nothing_and_is_not_closed(proxy: Proxy) -> None:
    """Bytes wait; other connections go on; after the thaw nothing is lost."""
    streams = await connect(proxy)
    assert await say(streams, b"one") == b"one"
    proxy.freeze(fresh_too=False)
    waiting = asyncio.create_task(say(streams, b"two"))
    assert await say(await connect(proxy), b"other") == b"other"
    assert not waiting.done()
    proxy.thaw()
    assert await waiting == b"two"


async def test_a_closed_proxy_refuses_and_listens_again_at_the_same_address(proxy: Proxy) -> None:
    """As a server that is restarted."""
    port = proxy.port
    streams = await connect(proxy)
    await proxy.down()
    assert await say(streams, b"x") == b""
    with pytest.raises(ConnectionRefusedError):
        await connect(proxy)
    await proxy.up()
    assert proxy.port == port
    assert await say(await connect(proxy), b"back") == b"back"
