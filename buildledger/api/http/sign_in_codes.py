"""Codes that sign somebody in once, within minutes: whoever can read the admin token makes them, without the server.

A code may stand in a link, on a screen or in a terminal's history, where the token itself must not.
"""

from __future__ import annotations

import base64
import hmac
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

LIFE = timedelta(minutes=15)
PREFIX = "once"
"""What tells a code from a token."""
PURPOSE = b"buildledger sign-in v1\x1f"
"""Signed with each code, so that nothing else that is signed with the same key passes for one."""
ID_BYTES = 9
SIGNATURE_BYTES = 18


@dataclass(frozen=True)
class SignInCode:
    """What a code says of itself."""

    expires: int
    """In seconds since 1970."""
    id: str
    """Remembered by the server once it was used."""


def new_code(admin_token: str, now: datetime) -> str:
    """A code that is good from now on: `once.EXPIRES.ID.SIGNATURE`."""
    expires = int((now + LIFE).timestamp())
    content = f"{PREFIX}.{expires}.{secrets.token_urlsafe(ID_BYTES)}"
    return f"{content}.{_signature(admin_token, content)}"


def read_code(admin_token: str, shown: str, now: datetime) -> SignInCode | None:
    """What a code says; None if it wasn't made with the token, or its time is over. Whether it was used isn't asked."""
    content, _, signature = shown.rpartition(".")
    if not hmac.compare_digest(signature.encode(), _signature(admin_token, content).encode()):
        return None
    prefix, expires, identity = content.split(".")  # what is signed is whole
    code = SignInCode(int(expires), identity)
    return code if prefix == PREFIX and now.timestamp() < code.expires else None


def _signature(admin_token: str, content: str) -> str:
    digest = hmac.digest(admin_token.encode(), PURPOSE + content.encode(), "sha256")
    return base64.urlsafe_b64encode(digest[:SIGNATURE_BYTES]).decode()
