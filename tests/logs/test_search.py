"""Search: one hit a line, pages, borders of chunks, and expressions that would never end."""

from pathlib import Path
from uuid import uuid4

import pytest

from buildledger.logs import regex_process
from buildledger.logs.chunks import CHUNK_MAX_BYTES
from buildledger.logs.local import LocalLogStore
from buildledger.logs.store import BadPatternError, Pattern
from tests.logs.reading_back import write

LOG = uuid4()


async def test_hits_are_lines_with_positions(store: LocalLogStore) -> None:
    """A line is hit once, at its first match."""
    await write(store, LOG, 0, b"nothing\nan error, error\nERROR\nerror")
    page = await store.search(LOG, Pattern(text=b"error"))
    assert [(hit.line, hit.start, hit.end, hit.text) for hit in page.hits] == [
        (1, 3, 8, b"an error, error"),
        (3, 0, 5, b"error"),
    ]
    assert page.next_line is None
    ignoring = await store.search(LOG, Pattern(text=b"error", ignore_case=True))
    assert [hit.line for hit in ignoring.hits] == [1, 2, 3]


async def test_pages_go_on_where_they_ended(store: LocalLogStore) -> None:
    """Walking by `next_line` finds every hit once, whatever the size of a page."""
    await write(store, LOG, 0, b"hit\nmiss\n" * 30_000)
    found: list[int] = []
    line: int | None = 0
    while line is not None:
        page = await store.search(LOG, Pattern(text=b"hit"), limit=7_000, from_line=line)
        found += [hit.line for hit in page.hits]
        line = page.next_line
    assert found == list(range(0, 60_000, 2))


async def test_match_over_a_chunk_border(store: LocalLogStore) -> None:
    """A word that two chunks share is found."""
    start = b"x" * (CHUNK_MAX_BYTES - 3)
    await write(store, LOG, 0, start + b"nee")
    await write(store, LOG, CHUNK_MAX_BYTES, b"dle\n" + b"y" * CHUNK_MAX_BYTES)
    page = await store.search(LOG, Pattern(text=b"needle"))
    assert [(hit.line, hit.start) for hit in page.hits] == [(0, len(start))]


async def test_hit_in_a_very_long_line(store: LocalLogStore) -> None:
    """Positions count from the start of the line even when the line is searched in parts; the text is a snippet."""
    await write(store, LOG, 0, b"first\n" + b"x" * 3_000_000 + b"needle" + b"x" * 3_000_000 + b" needle\nneedle")
    page = await store.search(LOG, Pattern(text=b"needle"))
    assert [(hit.line, hit.start) for hit in page.hits] == [(1, 3_000_000), (2, 0)]
    hit = page.hits[0]
    assert hit.text[hit.start - hit.text_start : hit.end - hit.text_start] == b"needle"
    assert len(hit.text) <= 512


async def test_regular_expression(store: LocalLogStore) -> None:
    """`^` and `$` are the ends of a line, and a match never leaves its line."""
    await write(store, LOG, 0, b"error: one\nno error: two\nerror\n: three\nerror: four")
    page = await store.search(LOG, Pattern(text=rb"^error\s*: \w+$", regex=True))
    assert [hit.line for hit in page.hits] == [0, 4]


async def test_wrong_expression_is_explained(store: LocalLogStore) -> None:
    """What is not a regular expression is refused with the reason."""
    await write(store, LOG, 0, b"text\n")
    with pytest.raises(BadPatternError, match="unterminated"):
        await store.search(LOG, Pattern(text=b"(a", regex=True))
    with pytest.raises(BadPatternError, match="empty"):
        await store.search(LOG, Pattern(text=b""))


async def test_endless_expression_is_killed(store: LocalLogStore, monkeypatch: pytest.MonkeyPatch) -> None:
    """An expression of exponential cost ends with a refusal, not with a stuck server."""
    monkeypatch.setattr(regex_process, "KILL_AFTER_SECONDS", 1.0)
    await write(store, LOG, 0, b"a" * 60 + b"!\n")
    with pytest.raises(BadPatternError, match="longer than"):
        await store.search(LOG, Pattern(text=b"(a+)+$", regex=True))


async def test_a_search_imports_nothing_of_the_directory_it_is_started_in(
    store: LocalLogStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A file that lies there under the name of a library is no part of the program."""
    for name in ("msgspec", "buildledger", "re"):
        (tmp_path / f"{name}.py").write_text("raise SystemExit('imported what lay in the directory')")
    monkeypatch.chdir(tmp_path)
    await write(store, LOG, 0, b"an error\n")
    assert (await store.search(LOG, Pattern(text=b"err.r", regex=True))).hits
