"""Ranges of lines in long logs, with long lines and with limits."""

from uuid import uuid4

from buildledger.logs.chunks import CHUNK_MAX_BYTES
from buildledger.logs.local import LocalLogStore
from tests.logs.reading_back import write

LOG = uuid4()


async def test_any_range_of_a_long_log(store: LocalLogStore) -> None:
    """Lines at the start, around borders of chunks and at the end are found by number."""
    lines = [b"line %d" % number for number in range(200_000)]
    await write(store, LOG, 0, b"\n".join(lines) + b"\n")
    for first in (0, 1, 17_000, 99_999, 199_990):
        found = await store.lines(LOG, first, first + 10)
        assert (found.first, found.lines, found.cut) == (first, lines[first : first + 10], False)


async def test_line_at_a_chunk_border(store: LocalLogStore) -> None:
    """A newline that is the last byte of a chunk, and a line that runs over the border, are both where they belong."""
    first = b"a" * (CHUNK_MAX_BYTES - 1) + b"\n"
    await write(store, LOG, 0, first)
    await write(store, LOG, len(first), b"b" * CHUNK_MAX_BYTES)
    await write(store, LOG, len(first) + CHUNK_MAX_BYTES, b"b\nc\n" + b"d" * CHUNK_MAX_BYTES)
    found = await store.lines(LOG, 1, 3)
    assert found.lines == [b"b" * (CHUNK_MAX_BYTES + 1), b"c"]
    assert (await store.size(LOG)).line_count == 4


async def test_ten_megabytes_in_one_line(store: LocalLogStore) -> None:
    """A very long line is kept whole and the line after it is found."""
    await write(store, LOG, 0, b"x" * 10_000_000 + b"\nshort\n")
    assert (await store.lines(LOG, 1, 2)).lines == [b"short"]
    whole = await store.lines(LOG, 0, 1, max_bytes=11_000_000)
    assert whole.lines == [b"x" * 10_000_000]
    assert not whole.cut


async def test_limit_of_bytes_cuts_and_says_so(store: LocalLogStore) -> None:
    """An answer never exceeds its limit; the last line in it may be a beginning."""
    await write(store, LOG, 0, b"0123456789\n" * 10)
    found = await store.lines(LOG, 0, 10, max_bytes=25)
    assert found.cut
    assert found.lines == [b"0123456789", b"0123456789", b"012"]
    exact = await store.lines(LOG, 0, 2, max_bytes=21)
    assert (exact.lines, exact.cut) == ([b"0123456789"] * 2, False)


async def test_only_newlines(store: LocalLogStore) -> None:
    """Every newline is an empty line."""
    await write(store, LOG, 0, b"\n" * 500_000)
    assert (await store.size(LOG)).line_count == 500_000
    assert (await store.lines(LOG, 499_999, 600_000)).lines == [b""]
