"""Secrets are hidden whatever the borders of the chunks they come in, and whatever form they are printed in."""

import base64
import json
from pathlib import Path
from typing import Any
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from buildledger.worker.masking.masker import MASK, Masker
from buildledger.worker.masking.secret_encodings import secret_encodings

SECRET = b"s3cr3t/+ value"
TABLE: dict[str, list[dict[str, Any]]] = json.loads(
    (Path(__file__).parents[1] / "golden" / "masking.json").read_text(encoding="ascii")
)
"""What all workers are tested with; bytes are characters from U+0000 to U+00FF."""


def masked(secrets: list[bytes], chunks: list[bytes]) -> bytes:
    masker = Masker(secrets)
    return b"".join([*map(masker.feed, chunks), masker.finish()])


def pieces(whole: bytes, size: int) -> list[bytes]:
    return [whole[start : start + size] for start in range(0, len(whole), size)]


@pytest.mark.parametrize("example", TABLE["forms"], ids=lambda example: ascii(example["secret"][:12]))
def test_forms_in_all_languages(example: dict[str, Any]) -> None:
    """The forms of a secret are those that the workers in other languages make."""
    forms = {form.decode("latin-1") for form in secret_encodings([example["secret"].encode("latin-1")])}
    assert forms == set(example["forms"])


@pytest.mark.parametrize("example", TABLE["streams"], ids=lambda example: example["title"])
def test_streams_in_all_languages(example: dict[str, Any]) -> None:
    """What is shown of a stream is what the workers in other languages show of it, however it is cut."""
    secrets = [secret.encode("latin-1") for secret in example["secrets"]]
    written, shown = example["written"].encode("latin-1"), example["shown"].encode("latin-1")
    for size in range(1, len(written) + 1):
        assert masked(secrets, pieces(written, size)) == shown


@given(st.lists(st.binary(max_size=20), max_size=5), st.data())
def test_any_borders(around: list[bytes], data: st.DataObject) -> None:
    """The result doesn't depend on where the stream is divided, and doesn't hold the secret."""
    whole = SECRET.join([b"x", *around, b"y"])
    borders = sorted(data.draw(st.lists(st.integers(0, len(whole)), max_size=8)))
    chunks = [whole[start:end] for start, end in zip([0, *borders], [*borders, len(whole)], strict=True)]
    assert masked([SECRET], chunks) == masked([SECRET], [whole]) == whole.replace(SECRET, MASK)


@settings(max_examples=50)
@given(st.text(min_size=6, max_size=30).filter(lambda text: len(text.strip(" \t\n\r\v\f").encode()) >= 6))
def test_what_encoders_make(secret: str) -> None:
    """Whatever this language's own encoders make of a secret is one of its forms."""
    forms = secret_encodings([secret.encode()])
    for encode in (quote, quote_plus):
        assert encode(secret, safe="").encode() in forms
        assert encode(secret).encode() in forms
    for is_ascii in (True, False):
        assert json.dumps(secret, ensure_ascii=is_ascii)[1:-1].encode() in forms
    assert base64.b64encode(secret.encode()) in forms
    assert base64.urlsafe_b64encode(secret.encode()) in forms


@pytest.mark.parametrize("before", [b"", b"u", b"us", b"user:"])
def test_base64_of_a_longer_text(before: bytes) -> None:
    """Inside of a longer base64 text all but a few bits at its ends is hidden."""
    encoded = base64.b64encode(before + SECRET + b"@host")
    shown = masked([SECRET], [encoded]).replace(MASK, b"")
    assert len(shown) <= len(base64.b64encode(before + b"@host")) + 4


def test_a_key_that_base64_breaks_into_lines() -> None:
    """A long secret is hidden too when a tool breaks its base64 into lines."""
    secret = bytes(range(200))
    assert masked([secret], [base64.encodebytes(secret)]).replace(b"\n", b"") == MASK * 4


def test_lines_of_a_secret_that_has_many() -> None:
    """Too many lines to look for each in every form: they are hidden as they are."""
    lines = [f"line number {number} of a long file".encode() for number in range(200)]
    assert masked([b"\n".join(lines)], [b"<" + lines[150] + b">"]) == b"<" + MASK + b">"


def test_a_secret_of_64_kib() -> None:
    """The longest secret that is allowed, with bytes of every kind, is hidden."""
    secret = bytes(range(256)) * 256
    assert masked([secret], [*pieces(b"<" + secret + b">", 1 << 14)]) == b"<" + MASK + b">"
