"""The store against a plain model: a log is a byte string."""

import asyncio
import hashlib
import tempfile
from pathlib import Path
from uuid import UUID

from hypothesis import given, settings
from hypothesis import strategies as st

from buildledger.logs.local import LocalLogStore
from buildledger.logs.store import LogDigest, LogStore, Pattern
from tests.logs.reading_back import finish, lines_of, read, write

PIECES = st.one_of(
    st.binary(max_size=300),
    st.sampled_from([b"\n", b"a", b"needle", b"\r\n\xff", b"nee"]),
    # Sizes around the borders of chunks, with and without newlines.
    st.builds(
        lambda unit, size: (unit * size)[:size],
        st.sampled_from([b"\n", b"x", b"a line\n", b"needle in a line that is longer\n", b"\x00\xff\n\n"]),
        st.sampled_from([65_535, 65_536, 65_537, 262_144, 262_145, 300_000]),
    ),
)
STEPS = st.lists(st.tuples(st.integers(0, 1), st.integers(0, 50), PIECES, st.booleans()), max_size=30)


@settings(max_examples=40, deadline=None)
@given(steps=STEPS, data=st.data())
def test_store_equals_bytes(steps: list[tuple[int, int, bytes, bool]], data: st.DataObject) -> None:
    """Whatever is appended, repeated and reopened: sizes, ranges, lines, hits and digests are the model's."""
    with tempfile.TemporaryDirectory() as directory:
        asyncio.run(_run(Path(directory), steps, data))


async def _run(directory: Path, steps: list[tuple[int, int, bytes, bool]], data: st.DataObject) -> None:
    model = {UUID(int=0): b"", UUID(int=1): b""}
    store = LocalLogStore(directory)
    try:
        for which, back, piece, reopen in steps:
            log_id = UUID(int=which)
            held = model[log_id]
            back = min(back, len(held))
            await write(store, log_id, len(held) - back, held[len(held) - back :] + piece)
            model[log_id] = held + piece
            if reopen:
                store.close()
                store = LocalLogStore(directory)
        for log_id, held in model.items():
            await _compare(store, log_id, held, data)
    finally:
        store.close()


async def _compare(store: LogStore, log_id: UUID, held: bytes, data: st.DataObject) -> None:
    lines = lines_of(held)
    size = await store.size(log_id)
    assert (size.size_bytes, size.line_count) == (len(held), len(lines))
    first = data.draw(st.integers(0, len(lines) + 1))
    last = data.draw(st.integers(0, len(lines) + 1))
    found = await store.lines(log_id, first, last, max_bytes=10_000_000)
    assert (list(found.lines), found.cut) == (lines[first:last], False)
    from_byte = data.draw(st.integers(0, len(held) + 1))
    to_byte = data.draw(st.integers(0, len(held) + 1))
    assert await read(store, log_id, from_byte, to_byte) == held[from_byte:to_byte]
    page = await store.search(log_id, Pattern(text=b"needle"), limit=10_000_000, from_line=first)
    assert [hit.line for hit in page.hits] == [n for n, line in enumerate(lines) if n >= first and b"needle" in line]
    digest = LogDigest(size_bytes=len(held), line_count=len(lines), sha256=hashlib.sha256(held).hexdigest())
    assert await finish(store, log_id) == digest
