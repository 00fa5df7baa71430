"""Enrollment tokens and bearer credentials: random texts of which only digests are stored."""

import hashlib
import secrets
from collections.abc import Iterable

_BEARER = "Bearer "
CREDENTIAL_BYTES = 32


def new_credential() -> str:
    """A random text of 256 bits, for an enrollment token or a worker's credential."""
    return secrets.token_urlsafe(CREDENTIAL_BYTES)


def digest_of(credential: str) -> str:
    """What facts keep of a credential: its SHA-256 in hex, without salt, since it has 256 random bits."""
    return hashlib.sha256(credential.encode()).hexdigest()


def bearer_of(metadata: Iterable[tuple[str, str | bytes]] | None) -> str | None:
    """The bearer credential in a call's metadata; None if there is none."""
    for key, value in metadata or ():
        text = value.decode("utf-8", "replace") if isinstance(value, bytes) else value
        if key == "authorization" and text.startswith(_BEARER):
            return text.removeprefix(_BEARER)
    return None
