"""Secrets are hidden whatever the borders of the chunks they come in."""

import base64
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from buildledger.slave_grpc.agent.masking import MASK, Masker

SECRET = b"s3cr3t/+ value"


def masked(secrets: list[bytes], chunks: list[bytes]) -> bytes:
    masker = Masker(secrets)
    return b"".join([*map(masker.feed, chunks), masker.finish()])


@given(st.lists(st.binary(max_size=20), max_size=5), st.data())
def test_any_borders(around: list[bytes], data: st.DataObject) -> None:
    """The result doesn't depend on where the stream is divided, and doesn't hold the secret."""
    whole = SECRET.join([b"x", *around, b"y"])
    borders = sorted(data.draw(st.lists(st.integers(0, len(whole)), max_size=8)))
    chunks = [whole[start:end] for start, end in zip([0, *borders], [*borders, len(whole)], strict=True)]
    assert masked([SECRET], chunks) == masked([SECRET], [whole]) == whole.replace(SECRET, MASK)


@pytest.mark.parametrize(
    "form",
    [
        base64.b64encode(SECRET),
        base64.urlsafe_b64encode(SECRET),
        quote(SECRET, safe="").encode(),
        quote(SECRET, safe="").lower().encode(),
        b"s3cr3t%2F%2B+value",
    ],
)
def test_forms(form: bytes) -> None:
    """The encoded forms are hidden, byte by byte as well."""
    assert masked([SECRET], [form[i : i + 1] for i in range(len(form))]) == MASK


@pytest.mark.parametrize("before", [b"", b"u", b"us", b"user:"])
def test_base64_of_a_longer_text(before: bytes) -> None:
    """Inside of a longer base64 text all but a few bits at its ends is hidden."""
    encoded = base64.b64encode(before + SECRET + b"@host")
    assert MASK in masked([SECRET], [encoded])


def test_json() -> None:
    """A secret with quotes and newlines is hidden as it stands in JSON, and line by line."""
    secret = b'first "line"\nsecond line'
    assert masked([secret], [b'{"k": "first \\"line\\"\\nsecond line"}']) == b'{"k": "***"}'
    assert masked([secret], [b"> second line"]) == b"> ***"


def test_beginnings_are_held_back_no_longer_than_needed() -> None:
    """What can't be a secret any more is shown at once."""
    masker = Masker([b"abcdef"])
    assert masker.feed(b"xxabc") == b"xx"
    assert masker.feed(b"x") == b"abcx"
    assert masker.finish() == b""


def test_one_secret_begins_another() -> None:
    """Of two secrets that fit, the longer is hidden, also when its end comes later."""
    assert masked([b"abcd", b"abcdefgh"], [b"-abcd", b"efgh-abcd-"]) == b"-***-***-"


def test_short_values() -> None:
    """Values under four bytes occur by chance and aren't masked."""
    assert masked([b"abc", b""], [b"abc"]) == b"abc"
