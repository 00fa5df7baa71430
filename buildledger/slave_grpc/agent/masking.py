"""Hides secrets in a stream of bytes, whatever the borders of its chunks."""

import base64
import json
import re
from collections.abc import Iterable
from urllib.parse import quote, quote_plus

MASK = b"***"
# Shorter values occur by chance all over any output, and hiding them would only show where they are.
SHORTEST_SECRET_BYTES = 4
_SHORTEST_FORM_BYTES = 6
_SEARCHED_HEAD_BYTES = 4


class Masker:
    """Replaces each occurrence of each secret in one stream by `***`.

    What might be the beginning of a secret is held back until more has come or the stream has ended.
    """

    def __init__(self, secrets: Iterable[bytes]) -> None:
        # Longest first: the pattern takes the first alternative that fits.
        self._forms = sorted(spellings(secrets), key=len, reverse=True)
        self._pattern = re.compile(b"|".join(map(re.escape, self._forms))) if self._forms else None
        self._held = b""

    def feed(self, data: bytes) -> bytes:
        """What can be shown after `data` has come."""
        if self._pattern is None:
            return data
        held = self._held + data
        # Everything from here on may still grow into a secret.
        open_from = self._open_tail(held)
        shown: list[bytes] = []
        done = 0
        for match in self._pattern.finditer(held):
            if match.start() >= open_from:
                break
            shown += (held[done : match.start()], MASK)
            done = match.end()
        keep = max(open_from, done)
        shown.append(held[done:keep])
        self._held = held[keep:]
        return b"".join(shown)

    def finish(self) -> bytes:
        """What is left at the end of the stream."""
        held, self._held = self._held, b""
        return self._pattern.sub(MASK, held) if self._pattern is not None else held

    def _open_tail(self, data: bytes) -> int:
        """Where the longest tail of `data` begins that is a beginning of a form."""
        return min((_overlap(data, form) for form in self._forms), default=len(data))


def _overlap(data: bytes, form: bytes) -> int:
    """Where the longest tail of `data` begins that `form` begins with; the length of `data` if none does."""
    position = max(0, len(data) - len(form) + 1)
    head = form[:_SEARCHED_HEAD_BYTES]
    # Whole heads are found fast; only the last few positions hold less than a head.
    while (position := data.find(head, position)) >= 0:
        if form.startswith(data[position:]):
            return position
        position += 1
    for position in range(max(0, len(data) - len(head) + 1, len(data) - len(form) + 1), len(data)):
        if form.startswith(data[position:]):
            return position
    return len(data)


def spellings(secrets: Iterable[bytes]) -> set[bytes]:
    """Every form in which a secret is recognised: as it is, by its lines, in base64, URL and JSON."""
    forms: set[bytes] = set()
    for secret in secrets:
        for value in {secret, secret.strip(), *secret.splitlines()}:
            if len(value) >= SHORTEST_SECRET_BYTES:
                forms.add(value)
        if len(secret) >= SHORTEST_SECRET_BYTES:
            forms.update(form for form in _encodings(secret) if len(form) >= _SHORTEST_FORM_BYTES)
    return forms


def _encodings(secret: bytes) -> Iterable[bytes]:
    yield base64.b64encode(secret)
    yield base64.urlsafe_b64encode(secret)
    # Inside a longer text the secret may begin at any of three phases of base64; the characters at both ends then
    # depend on its neighbours and are left out.
    for phase in range(3):
        padded = b"\0" * phase + secret
        first = -(-phase * 4 // 3)
        last = len(padded) * 4 // 3
        for encode in (base64.b64encode, base64.urlsafe_b64encode):
            yield encode(padded)[first:last]
    for spell in (quote, quote_plus):
        encoded = spell(secret, safe="")
        yield encoded.encode("ascii")
        yield re.sub("%..", lambda match: match.group().lower(), encoded).encode("ascii")
    text = secret.decode("utf-8", "surrogateescape")
    yield json.dumps(text)[1:-1].encode("ascii")
    yield json.dumps(text, ensure_ascii=False)[1:-1].encode("utf-8", "surrogateescape")
