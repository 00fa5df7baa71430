"""Appending: offsets make it idempotent, holes are named, calls are all or none."""

import asyncio
import contextlib
import hashlib
import sqlite3
from pathlib import Path
from uuid import uuid4

import pytest

from buildledger.logs.chunks import CHUNK_MAX_BYTES, CHUNK_MIN_BYTES
from buildledger.logs.local import LocalLogStore
from buildledger.logs.schema import DATABASE_NAME
from buildledger.logs.store import LogBytes, LogDigest, LogFinishedError, LogHoleError, LogSize
from tests.logs.reading_back import finish, read, write

LOG = uuid4()


async def test_bytes_come_back(store: LocalLogStore) -> None:
    """What was appended is read back, and its size and lines are counted."""
    await write(store, LOG, 0, b"one\ntw")
    await write(store, LOG, 6, b"o\n\xff\x00")
    assert await read(store, LOG) == b"one\ntwo\n\xff\x00"
    assert await store.size(LOG) == LogSize(size_bytes=10, line_count=3, finished=False)


async def test_unknown_log_is_empty(store: LocalLogStore) -> None:
    """A log that nobody wrote to has no bytes, no lines and no hits."""
    assert await store.size(LOG) == LogSize(size_bytes=0, line_count=0, finished=False)
    assert await read(store, LOG) == b""
    assert (await store.lines(LOG, 0, 10)).lines == ()


async def test_repetition_and_overlap_are_trimmed(store: LocalLogStore) -> None:
    """Bytes that are already held are ignored, the fresh end of an entry is kept."""
    await write(store, LOG, 0, b"abcdef")
    await write(store, LOG, 0, b"abcdef")
    await write(store, LOG, 2, b"cd")
    await write(store, LOG, 4, b"efgh")
    assert await read(store, LOG) == b"abcdefgh"


async def test_hole_names_the_expected_offset(store: LocalLogStore) -> None:
    """An entry beyond the end is refused with the offset at which the log goes on."""
    await write(store, LOG, 0, b"abc")
    with pytest.raises(LogHoleError) as refused:
        await write(store, LOG, 5, b"f")
    assert refused.value.expected_offset == 3
    assert await read(store, LOG) == b"abc"


async def test_call_is_all_or_none(store: LocalLogStore) -> None:
    """A hole in one entry keeps the other entries of its call out, but not other calls of the same commit."""
    other, neighbour = uuid4(), uuid4()
    results = await asyncio.gather(
        store.append([LogBytes(log_id=LOG, offset=0, data=b"x"), LogBytes(log_id=other, offset=9, data=b"y")]),
        write(store, neighbour, 0, b"z"),
        return_exceptions=True,
    )
    assert isinstance(results[0], LogHoleError)
    assert results[1] is None
    assert await read(store, LOG) == b""
    assert await read(store, neighbour) == b"z"


async def test_digest_of_a_finished_log(store: LocalLogStore) -> None:
    """Finishing returns length, lines and SHA-256, again and again."""
    data = b"line\n" * 100_000 + b"end"
    for at in range(0, len(data), 70_001):
        await write(store, LOG, at, data[at : at + 70_001])
    digest = LogDigest(size_bytes=len(data), line_count=100_001, sha256=hashlib.sha256(data).hexdigest())
    assert await finish(store, LOG) == digest
    assert await finish(store, LOG) == digest
    assert (await store.size(LOG)).finished


async def test_bytes_and_end_in_one_call(store: LocalLogStore) -> None:
    """The last bytes and the end go together: if the bytes are refused, the log stays open."""
    with pytest.raises(LogHoleError):
        await store.append([LogBytes(log_id=LOG, offset=5, data=b"x")], [LOG])
    assert not (await store.size(LOG)).finished
    (digest,) = await store.append([LogBytes(log_id=LOG, offset=0, data=b"x")], [LOG])
    assert digest.sha256 == hashlib.sha256(b"x").hexdigest()


async def test_empty_log_can_be_finished(store: LocalLogStore) -> None:
    """A log without bytes has the digest of nothing."""
    digest = LogDigest(size_bytes=0, line_count=0, sha256=hashlib.sha256(b"").hexdigest())
    assert await finish(store, LOG) == digest


async def test_finished_log_does_not_grow(store: LocalLogStore) -> None:
    """Old bytes are ignored, more bytes are refused."""
    await write(store, LOG, 0, b"abc")
    await finish(store, LOG)
    await write(store, LOG, 1, b"bc")
    with pytest.raises(LogFinishedError):
        await write(store, LOG, 3, b"d")


async def test_reopened_store_continues(store: LocalLogStore, directory: Path) -> None:
    """After a restart a log goes on where it was, and its digest covers what was written before."""
    await write(store, LOG, 0, b"before\n")
    store.close()
    reopened = LocalLogStore(directory)
    try:
        with pytest.raises(LogHoleError) as refused:
            await write(reopened, LOG, 100, b"x")
        assert refused.value.expected_offset == 7
        await write(reopened, LOG, 7, b"after\n")
        assert (await finish(reopened, LOG)).sha256 == hashlib.sha256(b"before\nafter\n").hexdigest()
    finally:
        reopened.close()


async def test_many_small_pieces_become_one(store: LocalLogStore) -> None:
    """A log that arrives byte by byte is whole and its lines are numbered across the merges."""
    data = b"".join(b"%d\n" % number for number in range(400))
    await asyncio.gather(*[write(store, LOG, at, data[at : at + 1]) for at in range(len(data))])
    assert await read(store, LOG) == data
    assert (await store.lines(LOG, 399, 400)).lines == [b"399"]


async def test_chunks_are_large_and_bounded(store: LocalLogStore, directory: Path) -> None:
    """Whatever sizes bytes arrive in, all chunks but the last hold 64 to 256 KiB, and they are what was written."""
    written, offset = [], 0
    for number, size in enumerate((10, 70_000, 300_000, 65_536, 262_144, 5, 600_000, 1, 40_000, 40_000)):
        piece = bytes([number + 65]) * (size - 1) + b"\n"
        await write(store, LOG, offset, piece)
        written.append(piece)
        offset += size
    await finish(store, LOG)
    assert await read(store, LOG) == b"".join(written)
    assert (await store.size(LOG)).line_count == len(written)
    with contextlib.closing(sqlite3.connect(directory / DATABASE_NAME)) as database:
        sizes = [size for (size,) in database.execute("SELECT size_bytes FROM chunk ORDER BY first_byte")]
    assert all(CHUNK_MIN_BYTES <= size <= CHUNK_MAX_BYTES for size in sizes[:-1])
    assert sum(sizes) == offset
