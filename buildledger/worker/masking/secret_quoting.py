"""How HTML, shells and Python write a secret, and how it looks in hexadecimal."""

import itertools
from collections.abc import Iterator


def in_hexadecimal(secret: bytes) -> Iterator[bytes]:
    """In small and in capital letters."""
    yield secret.hex().encode()
    yield secret.hex().upper().encode()


# How writers of HTML escape quotes: not at all, or by name or number.
_HTML_QUOTES = (b'"', b"&quot;", b"&#34;")
_HTML_APOSTROPHES = (b"'", b"&#39;", b"&#x27;", b"&#039;", b"&apos;")


def in_html(secret: bytes) -> Iterator[bytes]:
    """As text or as the value of an attribute."""
    escaped = secret.replace(b"&", b"&amp;").replace(b"<", b"&lt;").replace(b">", b"&gt;")
    for quote, apostrophe in itertools.product(_HTML_QUOTES, _HTML_APOSTROPHES):
        yield escaped.replace(b'"', quote).replace(b"'", apostrophe)


# What shells escape with a backslash: inside of double quotes, bash's `printf %q`, and the same with the comma.
_SHELL_ESCAPED = (b'\\"$`', b" \t!\"$&'()*;<>?[\\]^`{|}", b" \t!\"$&'()*,;<>?[\\]^`{|}")
_SHELL_SHORT = dict(zip(b"\a\b\t\n\v\f\r\x1b'\\", (f"\\{letter}" for letter in "abtnvfrE'\\"), strict=True))


def in_shells(secret: bytes) -> Iterator[bytes]:
    """Inside of single and double quotes, with backslashes, and as `$'…'`."""
    yield secret.replace(b"'", b"'\\''")
    yield secret.replace(b"'", b"'\"'\"'")
    for escaped in _SHELL_ESCAPED:
        yield b"".join(b"\\" + bytes((byte,)) if byte in escaped else bytes((byte,)) for byte in secret)
    # $'…': control characters by name or in octal; what isn't ASCII stands as it is, or in octal too.
    for from_byte in (0x100, 0x80):
        yield b"".join(
            _SHELL_SHORT.get(byte, f"\\{byte:03o}").encode()
            if byte in _SHELL_SHORT or byte < ord(" ") or byte == 0x7F or byte >= from_byte
            else bytes((byte,))
            for byte in secret
        )


_PYTHON_SHORT = {9: "\\t", 10: "\\n", 13: "\\r", 92: "\\\\"}
_PYTHON_UNPRINTED = range(0x7F, 0xA1)
_SOFT_HYPHEN = 0xAD


def in_python(secret: bytes) -> Iterator[bytes]:
    """As `repr` writes text, `ascii` does, and `repr` writes bytes; each with `'` as it is, or escaped."""
    text = secret.decode("utf-8", "surrogateescape")
    for apostrophe in ("'", "\\'"):
        for escaped_from in (0x110000, 0x7F):
            written = "".join(_python_character(character, escaped_from) for character in text)
            yield written.replace("'", apostrophe).encode("utf-8", "surrogateescape")
        yield "".join(map(_python_byte, secret)).replace("'", apostrophe).encode()


def _python_byte(byte: int) -> str:
    short = _PYTHON_SHORT.get(byte)
    return short or (chr(byte) if ord(" ") <= byte < _PYTHON_UNPRINTED.start else f"\\x{byte:02x}")


def _python_character(character: str, escaped_from: int) -> str:
    number = ord(character)
    if (short := _PYTHON_SHORT.get(number)) is not None:
        return short
    if ord(" ") <= number < escaped_from and number not in _PYTHON_UNPRINTED and number != _SOFT_HYPHEN:
        return character
    if number < 0x100:
        return f"\\x{number:02x}"
    return f"\\u{number:04x}" if number <= 0xFFFF else f"\\U{number:08x}"
