"""The forms in which a secret is recognised: as it is, by its lines, and as programs encode and quote it.

The workers in other languages make the same forms; `tests/golden/masking.json` has examples that all of them are tested
with.
"""

import base64
import itertools
import re
from collections.abc import Iterable, Iterator

from buildledger.worker.masking.secret_quoting import in_hexadecimal, in_html, in_python, in_shells

# Shorter values occur by chance all over any output, and hiding them would only show where they are.
SHORTEST_SECRET_BYTES = 4
# A line of a longer secret has to be longer than a word, or the same word would be hidden everywhere.
SHORTEST_LINE_BYTES = 8
_SHORTEST_FORM_BYTES = 6
# Of a secret with more lines than a key or a certificate has, only the plain ones are looked for.
_ENCODED_LINES = 100

# Tools break lines of base64 here: MIME, and PEM.
_BASE64_LINES = (76, 64)

_ALPHANUMERIC = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
# What encoders of URLs leave alone beside letters and digits: strict ones, encodeURIComponent, encodeURI, those of
# paths, those of parts of paths, and those of forms.
_URL_SAFE = (b"-._~", b"-._~!*'()", b"-._~!*'();/?:@&=+$,#", b"-._~/", b"-._~$&+=:@", b"-._*")
_HEXADECIMAL = ("X", "x")

_JSON_SHORT = {'"': '\\"', "\\": "\\\\", "\b": "\\b", "\f": "\\f", "\n": "\\n", "\r": "\\r", "\t": "\\t"}
# What some writers of JSON escape without need: nothing, what could end a script in HTML, the same more widely, and all
# that .NET holds for dangerous.
_JSON_ESCAPED = ("", "<>&", "<>&='", "\"<>&'+`\x7f")
_JSON_LINE_ENDS = "\u2028\u2029"
# From here on some writers escape every character: those that hold DEL for printable, those that don't, and those that
# write UTF-8 and escape none.
_JSON_ESCAPED_FROM = (0x80, 0x7F, 0x110000)
_LAST_OF_PLANE = 0xFFFF


def secret_encodings(secrets: Iterable[bytes]) -> set[bytes]:
    """Every form of the secrets; a secret of less than 4 bytes has none."""
    forms: set[bytes] = set()
    for secret in secrets:
        whole = {value for value in (secret, secret.strip()) if len(value) >= SHORTEST_SECRET_BYTES}
        lines = {line for line in _lines(secret) if len(line) >= SHORTEST_LINE_BYTES}
        forms |= whole | lines
        for value in whole | (lines if len(lines) <= _ENCODED_LINES else set()):
            encoded = itertools.chain(*(encode(value) for encode in _ENCODINGS))
            forms.update(form for form in encoded if len(form) >= _SHORTEST_FORM_BYTES)
    return forms


def _lines(secret: bytes) -> Iterator[bytes]:
    """Of a secret of several lines; that of one line is the secret itself."""
    lines = [line for line in re.split(rb"[\r\n]", secret) if line]
    for line in lines if len(lines) > 1 else ():
        yield line
        yield line.strip()


def _in_base64(secret: bytes) -> Iterator[bytes]:
    for encode in (base64.b64encode, base64.urlsafe_b64encode):
        whole = encode(secret)
        yield whole
        for width in _BASE64_LINES:
            yield from (whole[start : start + width] for start in range(0, len(whole), width))
        # Inside a longer text the secret may begin at any of three phases of base64; the characters at both ends then
        # depend on its neighbours and are left out.
        for phase in range(3):
            padded = b"\0" * phase + secret
            yield encode(padded)[-(-phase * 4 // 3) : len(padded) * 4 // 3]


def _in_urls(secret: bytes) -> Iterator[bytes]:
    for safe, digits, space in itertools.product(_URL_SAFE, _HEXADECIMAL, (b"%20", b"+")):
        codes = [f"%{byte:02{digits}}".encode() for byte in range(256)]
        for byte in _ALPHANUMERIC + safe:
            codes[byte] = bytes((byte,))
        codes[ord(" ")] = space
        yield b"".join([codes[byte] for byte in secret])


def _in_json(secret: bytes) -> Iterator[bytes]:
    # Bytes that are no UTF-8 become lone surrogates, which is how they are usually smuggled through.
    text = secret.decode("utf-8", "surrogateescape")
    for escaped, digits, slash, is_short, escaped_from in itertools.product(
        _JSON_ESCAPED, _HEXADECIMAL, ("/", "\\/"), (True, False), _JSON_ESCAPED_FROM
    ):
        codes = _JsonCodes(escaped, f"\\u{{:04{digits}}}", slash, escaped_from, is_short=is_short)
        yield text.translate(codes).encode("utf-8", "surrogateescape")


class _JsonCodes(dict[int, str]):
    """How one kind of writer puts each character into a JSON string."""

    def __init__(self, escaped: str, form: str, slash: str, escaped_from: int, *, is_short: bool) -> None:
        short = _JSON_SHORT if is_short else {'"': '\\"', "\\": "\\\\"}
        super().__init__({ord(character): code for character, code in short.items()})
        self.update({ord("/"): slash})
        self._form = form
        self._escaped_from = escaped_from
        escaped += _JSON_LINE_ENDS if escaped else ""
        self.update({ord(character): form.format(ord(character)) for character in escaped})

    def __missing__(self, number: int) -> str:
        if ord(" ") <= number < self._escaped_from:
            code = chr(number)
        elif number > _LAST_OF_PLANE:
            units = chr(number).encode("utf-16-be")
            code = self._form.format(int.from_bytes(units[:2])) + self._form.format(int.from_bytes(units[2:]))
        else:
            code = self._form.format(number)
        self[number] = code
        return code


def _in_utf16(secret: bytes) -> Iterator[bytes]:
    """As programs of Windows write text, in either order of bytes."""
    try:
        text = secret.decode()
    except UnicodeDecodeError:
        return
    yield text.encode("utf-16-le")
    yield text.encode("utf-16-be")


def _with_other_line_ends(secret: bytes) -> Iterator[bytes]:
    """A secret of several lines after a terminal, or a program of another system, has ended them in its own way."""
    plain = re.sub(rb"\r\n|\r", b"\n", secret)
    if b"\n" in plain:
        yield plain
        yield plain.replace(b"\n", b"\r\n")


_ENCODINGS = (
    *(_in_base64, in_hexadecimal, _in_urls, _in_json, in_html, in_shells, in_python),
    *(_in_utf16, _with_other_line_ends),
)
