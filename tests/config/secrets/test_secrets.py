"""Providers of secrets."""

from __future__ import annotations

from pathlib import Path

import pytest

from buildledger.config import limits
from buildledger.config.secrets.provider import SecretUnavailableError
from buildledger.config.secrets.providers import provider as provider_of
from buildledger.config.secrets.settings import Secrets
from buildledger.config.secrets.unmaskable import unmaskable


def test_files(tmp_path: Path) -> None:
    """A secret is the content of its file without the final line break."""
    (tmp_path / "a").write_text("one\ntwo\n")
    provider = provider_of(Secrets(provider="file", path=str(tmp_path)))
    assert provider.read("a") == "one\ntwo"


@pytest.mark.parametrize("content", [b"", b"\n", b"\xff", b"a\0b", b"x" * (limits.SECRET_BYTES + 1)])
def test_contents_that_are_no_secrets(tmp_path: Path, content: bytes) -> None:
    """What is empty, no text or too large is refused without being shown."""
    (tmp_path / "a").write_bytes(content)
    with pytest.raises(SecretUnavailableError) as caught:
        provider_of(Secrets(provider="file", path=str(tmp_path))).read("a")
    assert "xxx" not in str(caught.value)


def test_environment() -> None:
    """A secret is a variable with the prefix and its name in capitals."""
    found = provider_of(Secrets(provider="env"), {"BUILDLEDGER_SECRET_STAGING_DB": "x"})
    assert found.read("staging-db") == "x"
    with pytest.raises(SecretUnavailableError, match="BUILDLEDGER_SECRET_NOPE isn't set"):
        found.read("nope")


def test_nothing_configured() -> None:
    """Without a provider no secret can be read."""
    with pytest.raises(SecretUnavailableError, match="no 'secrets' section"):
        provider_of(Secrets()).read("a")


@pytest.mark.parametrize(
    "value", ["test", "Password", "abc", "12345", "x" * 5, "a-long-first-line\ntest\nmore of it", " true "]
)
def test_values_that_cannot_be_hidden(value: str) -> None:
    """A word that output is full of, or a value that occurs by chance; in a line of its own likewise."""
    assert unmaskable(value) is not None


@pytest.mark.parametrize(
    "value", ["hunter22", "s3cr3t", "-----BEGIN KEY-----\nMIIEowIBAAKCAQEAx7\nLbE=\n-----END KEY-----\n", "testing-42"]
)
def test_values_that_can_be_hidden(value: str) -> None:
    """A key with a short last line is one of them."""
    assert unmaskable(value) is None
