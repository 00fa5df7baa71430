"""Search of lines in a stream of chunks, without touching lines one by one.

The pattern runs over whole blocks; only where it hits is the line looked up. A line longer than `LINE_MAX_BYTES` is
searched in overlapping parts, so memory stays bounded.
"""

import re
from collections.abc import Callable, Iterable, Iterator
from itertools import chain

from buildledger.logs.store import BadPatternError, Pattern, SearchHit, SearchPage

LINE_MAX_BYTES = 1024 * 1024
OVERLAP_BYTES = 4096
"""The longest match that is found wherever it stands in a very long line."""

SNIPPET_BYTES = 512
SNIPPET_BEFORE_BYTES = 128


def compile_pattern(pattern: Pattern) -> re.Pattern[bytes]:
    """Turn a pattern into a regular expression.

    Raises:
        BadPatternError: it is empty or not a regular expression.
    """
    if not pattern.text:
        raise BadPatternError("the pattern is empty")
    try:
        return re.compile(
            pattern.text if pattern.regex else re.escape(pattern.text),
            re.MULTILINE | (re.IGNORECASE if pattern.ignore_case else 0),
        )
    except (re.error, OverflowError, RecursionError) as error:
        raise BadPatternError(f"not a regular expression: {error}") from error


def search_chunks(
    chunks: Iterable[bytes], matcher: re.Pattern[bytes], limit: int, line: int, expired: Callable[[], bool]
) -> SearchPage:
    """Search `chunks`, which begin at the start of line number `line`."""
    hits: list[SearchHit] = []
    for block, column in _blocks(chunks):
        counted = 0
        for start, end, hit in _matches(block, matcher):
            line += block.count(b"\n", counted, start)
            counted = start
            if hits and hits[-1].line == line:
                continue
            if len(hits) == limit:
                return SearchPage(hits=hits, next_line=line)
            hits.append(
                _hit(line, block[start:end], column if start == 0 else 0, hit.start() - start, hit.end() - start)
            )
        line += block.count(b"\n", counted)
        if expired():
            return SearchPage(hits=hits, next_line=line)
    return SearchPage(hits=hits, next_line=None)


def _blocks(chunks: Iterable[bytes]) -> Iterator[tuple[bytes, int]]:
    """Regroup chunks so that each block ends at the end of a line; with where in its line the block begins."""
    held, column = b"", 0
    for chunk in chain(chunks, (None,)):
        if chunk is None:
            if held:
                yield held, column
            return
        text = held + chunk
        end = text.rfind(b"\n") + 1
        if end:
            yield text[:end], column
            held, column = text[end:], 0
        elif len(text) > LINE_MAX_BYTES:
            yield text, column
            held = text[-OVERLAP_BYTES:]
            column += len(text) - len(held)
        else:
            held = text


def _matches(block: bytes, matcher: re.Pattern[bytes]) -> Iterator[tuple[int, int, re.Match[bytes]]]:
    """The first match in each line of a block that has one, with the bounds of the line."""
    at = 0
    while at < len(block) and (hit := matcher.search(block, at)):
        start = block.rfind(b"\n", 0, hit.start()) + 1
        end = block.find(b"\n", hit.start())
        end = len(block) if end < 0 else end
        if start >= len(block):
            return
        # A match that runs over the end of its line may still have a shorter one within it.
        within = hit if hit.end() <= end else matcher.search(block, start, end)
        if within:
            yield start, end, within
        at = end + 1


def _hit(line: int, text: bytes, column: int, start: int, end: int) -> SearchHit:
    cut = max(0, start - SNIPPET_BEFORE_BYTES) if len(text) > SNIPPET_BYTES else 0
    return SearchHit(
        line=line, start=column + start, end=column + end, text=text[cut : cut + SNIPPET_BYTES], text_start=column + cut
    )
