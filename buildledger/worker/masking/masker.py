"""Hides secrets in a stream of bytes, whatever the borders of its chunks."""

import re
from collections import defaultdict
from collections.abc import Iterable

from buildledger.worker.masking.secret_encodings import SHORTEST_SECRET_BYTES, secret_encodings

MASK = b"***"


class Masker:
    """Replaces each occurrence of each secret in one stream by `***`.

    What might be the beginning of a secret is held back until more has come or the stream has ended. Of forms that
    begin at the same place the longest is taken.
    """

    def __init__(self, secrets: Iterable[bytes]) -> None:
        self._forms: dict[bytes, list[bytes]] = defaultdict(list)
        """By their first bytes, longest first; no form is shorter than its head."""
        for form in sorted(secret_encodings(secrets), key=len, reverse=True):
            self._forms[form[:SHORTEST_SECRET_BYTES]].append(form)
        # Only of heads: secrets of kilobytes would make a pattern of megabytes.
        self._heads = re.compile(b"|".join(map(re.escape, self._forms))) if self._forms else None
        self._held = b""

    def feed(self, data: bytes) -> bytes:
        """What can be shown after `data` has come."""
        if self._heads is None:
            return data
        held = self._held + data
        # Everything from here on may still grow into a secret.
        open_from = min(_overlap(held, form) for forms in self._forms.values() for form in forms)
        shown, done = self._masked(self._heads, held, open_from)
        keep = max(open_from, done)
        self._held = held[keep:]
        return b"".join([*shown, held[done:keep]])

    def finish(self) -> bytes:
        """What is left at the end of the stream."""
        if self._heads is None:
            return b""
        held, self._held = self._held, b""
        shown, done = self._masked(self._heads, held, len(held))
        return b"".join([*shown, held[done:]])

    def _masked(self, heads: "re.Pattern[bytes]", data: bytes, end: int) -> tuple[list[bytes], int]:
        """What is shown of `data` through the last secret that begins before `end`, and where that one ends."""
        shown: list[bytes] = []
        done = at = 0
        while (found := heads.search(data, at)) is not None and found.start() < end:
            begin = found.start()
            form = next((each for each in self._forms[found.group()] if data.startswith(each, begin)), None)
            if form is None:
                at = begin + 1
                continue
            shown += (data[done:begin], MASK)
            done = at = begin + len(form)
        return shown, done


def _overlap(data: bytes, form: bytes) -> int:
    """Where the longest tail of `data` begins that `form` begins with; the length of `data` if none does."""
    position = max(0, len(data) - len(form) + 1)
    head = form[:SHORTEST_SECRET_BYTES]
    # Whole heads are found fast; only the last few positions hold less than a head.
    while (position := data.find(head, position)) >= 0:
        if form.startswith(data[position:]):
            return position
        position += 1
    for position in range(max(0, len(data) - len(head) + 1, len(data) - len(form) + 1), len(data)):
        if form.startswith(data[position:]):
            return position
    return len(data)
