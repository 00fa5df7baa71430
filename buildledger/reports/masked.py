"""A test report without secrets, still in its format."""

from __future__ import annotations

from collections.abc import Callable
from io import BytesIO
from typing import Any

from subunit import ByteStreamToStreamResult
from subunit.v2 import StreamResultToBytes

SUBUNIT_SIGNATURE = b"\xb3"
"""What every packet of subunit v2 begins with; no text in UTF-8 does."""

Mask = Callable[[bytes], bytes]


def masked_report(data: bytes, mask: Mask) -> bytes:
    """The report with its secrets hidden; the same bytes if it holds none.

    Packets of subunit carry their lengths and checksums, so they are written anew. What can't be read as subunit is
    masked as it is: it is no report any more, but tells nothing either.
    """
    hidden = mask(data)
    if hidden == data or not data.startswith(SUBUNIT_SIGNATURE):
        return hidden
    try:
        written = _masked_subunit(data, mask)
    except Exception:  # whatever a parser makes of bytes that a build has written
        return hidden
    return mask(written)


class _Rewriter:
    """Writes each event that it is told with its texts masked."""

    def __init__(self, mask: Mask) -> None:
        self._mask = mask
        self.output = BytesIO()
        self._writer = StreamResultToBytes(self.output)

    def status(self, **event: Any) -> None:
        """Take one event in."""
        for name, value in event.items():
            event[name] = self._hidden(value)
        self._writer.status(**event)

    def startTestRun(self) -> None:  # noqa: N802 - the name that the library calls
        """Begin; nothing is written for it."""

    def stopTestRun(self) -> None:  # noqa: N802 - the name that the library calls
        """End; nothing is written for it."""

    def _hidden(self, value: Any) -> Any:
        match value:
            case str():
                return self._mask(value.encode("utf-8", "surrogateescape")).decode("utf-8", "surrogateescape")
            case bytes() | bytearray() | memoryview():
                return self._mask(bytes(value))
            case set() | frozenset():
                return {self._hidden(each) for each in value}
            case _:
                return value


def _masked_subunit(data: bytes, mask: Mask) -> bytes:
    rewriter = _Rewriter(mask)
    ByteStreamToStreamResult(BytesIO(data), non_subunit_name="stdout").run(rewriter)
    return rewriter.output.getvalue()
