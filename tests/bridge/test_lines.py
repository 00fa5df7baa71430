"""The text that a command wrote, out of the lines that an old worker makes of it."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from buildledger.bridge.lines import Lines

PIECES = st.lists(st.text(alphabet="ab\n\r", max_size=8), min_size=1, max_size=12)


@given(pieces=PIECES, data=st.data())
def test_what_was_read_piece_by_piece_comes_back(pieces: list[str], data: st.DataObject) -> None:
    """Whatever a command writes, however it is read, joined and divided into messages: nothing is added or lost."""
    text, ends, times = "", [], []
    for moment, piece in enumerate(pieces):
        for line in _lines(f"{piece}\n"):
            text += line
            ends.append(len(text) - 1)
            times.append(float(moment))
    cuts = sorted(data.draw(st.sets(st.integers(1, len(ends)), max_size=4)) | {len(ends)})
    lines, written = Lines(), ""
    for first, last in pairwise([0, *cuts]):
        start = ends[first - 1] + 1 if first else 0
        positions = [end - start for end in ends[first:last]]
        written += lines.feed(text[start : ends[last - 1] + 1], positions, times[first:last])
    assert written == "".join(pieces)


def _lines(text: str) -> list[str]:
    return [f"{line}\n" for line in text.split("\n")[:-1]]


@pytest.mark.parametrize("lines", [("a\n", [], []), ("a\n", [1], []), ("a", [0], [1.0]), ("a\nb", [1], [1.0])])
def test_what_are_no_lines_is_refused(lines: tuple[str, list[int], list[float]]) -> None:
    """A worker of another protocol is noticed instead of its output being garbled."""
    with pytest.raises(ValueError, match="lines"):
        Lines().feed(*lines)
