"""Restores the exact text that a command wrote from the lines that a Buildbot worker sends.

An old worker sends whole lines only, replaces what its `newline_re` matches by a newline, and splits lines that are
longer than `max_line_length`, losing characters. With an expression that matches the end of the text, each piece that
it reads goes out at once with one newline added to it; with an endless line length nothing is lost. What it read in one
piece bears one time, so that the added newline is the one after which the time changes.
"""

from collections.abc import Sequence

END_OF_TEXT = r"\Z"
"""The worker's `newline_re`."""
ENDLESS = 1 << 40
"""The worker's `max_line_length`."""


class Lines:
    """One output stream of a Buildbot worker."""

    def __init__(self) -> None:
        self._last_time: float | None = None

    def feed(self, text: str, ends: Sequence[int], times: Sequence[float]) -> str:
        """What the command wrote; the newline that `text` ends with is kept back until it is clear whose it is.

        `ends` are the positions of newlines in `text`, `times` when each line was read.

        Raises:
            ValueError: these aren't lines.
        """
        if len(ends) != len(times) or not ends or ends[-1] != len(text) - 1 or text[-1] != "\n":
            raise ValueError("lines without their ends or times")
        start = "\n" if times[0] == self._last_time else ""
        self._last_time = times[-1]
        added = [end for end, time, following in zip(ends, times, times[1:], strict=False) if time != following]
        begins = [0, *(end + 1 for end in added)]
        return start + "".join(text[begin:end] for begin, end in zip(begins, [*added, ends[-1]], strict=True))
