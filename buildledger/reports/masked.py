"""A test report without secrets, still in its format."""

from __future__ import annotations

from collections.abc import Callable
from io import BytesIO
from typing import Any
from xml.etree.ElementTree import Element, tostring

from defusedxml.ElementTree import fromstring
from subunit import ByteStreamToStreamResult
from subunit.v2 import StreamResultToBytes

SUBUNIT_SIGNATURE = b"\xb3"
"""What every packet of subunit v2 begins with; no text in UTF-8 does."""

TOO_DEEP = b"<!-- this report was nested too deeply for its secrets to be hidden -->"
"""Stands in the place of XML that can't be written anew; it is no report."""

Mask = Callable[[bytes], bytes]


def masked_report(data: bytes, mask: Mask) -> bytes:
    """The report with its secrets hidden; the same bytes if it holds none.

    Packets of subunit carry their lengths and checksums, so they are written anew; so is XML that says a secret in
    references to characters, in pieces, or in another encoding. What can't be read as either is masked as it is: it is
    no report any more, but tells nothing either.
    """
    hidden = mask(data)
    if not data.startswith(SUBUNIT_SIGNATURE):
        return _masked_xml(data, hidden, mask)
    if hidden == data:
        return hidden
    try:
        written = _masked_subunit(data, mask)
    except Exception:  # whatever a parser makes of bytes that a build has written
        return hidden
    return mask(written)


def _masked_xml(data: bytes, hidden: bytes, mask: Mask) -> bytes:
    """What is left of XML once its texts are read as a reader of reports reads them; `hidden` if it isn't XML."""
    root, whole = _document(hidden), True
    if root is None:
        # What was hidden may have been part of the markup, or of characters of two bytes.
        root, whole = _document(data), False
    if root is None:
        return hidden
    if not _hide(root, mask) and whole:
        return hidden
    try:
        return mask(tostring(root, encoding="utf-8"))
    except RecursionError:
        return TOO_DEEP


def _document(data: bytes) -> Element | None:
    try:
        root: Element = fromstring(data)
    except Exception:  # whatever a parser makes of bytes that a build has written
        return None
    return root


def _hide(root: Element, mask: Mask) -> bool:
    """Mask all texts of a document; whether there was anything to hide."""

    def hidden(text: str) -> str:
        return mask(text.encode("utf-8", "surrogatepass")).decode("utf-8", "replace")

    found = False
    for element in root.iter():
        for name, value in element.items():
            if (left := hidden(value)) != value:
                element.set(name, left)
                found = True
        for place in ("text", "tail"):
            value = getattr(element, place)
            if value and (left := hidden(value)) != value:
                setattr(element, place, left)
                found = True
    return found


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
