"""Tokens and credentials: random texts of which only digests are kept."""

import hashlib
import secrets
from collections.abc import Iterable

_BEARER = "Bearer "
CREDENTIAL_BYTES = 32


def new_credential() -> str:
    """A text that nobody can guess, for an enrollment token or a worker's credential."""
    return secrets.token_urlsafe(CREDENTIAL_BYTES)


def digest_of(credential: str) -> str:
    """What facts keep of it: SHA-256 in hexadecimal. The text has 256 random bits, so no salt is needed."""
    return hashlib.sha256(credential.encode()).hexdigest()


def bearer_of(metadata: Iterable[tuple[str, str | bytes]] | None) -> str | None:
    """The bearer credential in a call's metadata."""
    for key, value in metadata or ():
        text = value.decode("utf-8", "replace") if isinstance(value, bytes) else value
        if key == "authorization" and text.startswith(_BEARER):
            return text.removeprefix(_BEARER)
    return None
