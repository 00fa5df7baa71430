"""What a caller can show to be let in: the local admin token itself, or the signed session cookie given for it."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import secrets
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Annotated

import msgspec
from fastapi import Depends, Request

from buildledger.api.http.dependencies import ApiDependencies
from buildledger.api.http.sign_in_codes import read_code

SESSION_COOKIE = "buildledger_session"
SESSION_LIFE = timedelta(days=7)
ID_BYTES = 9
PURPOSE = b"buildledger session v1\x1f"
"""Signed with each cookie, so that nothing else that is signed with the same key passes for one."""


@dataclass(frozen=True)
class SignedIn:
    """A caller who has shown the admin token, or a cookie that was given for it."""

    expires_at: datetime | None
    """When the cookie ends; None: the token came with the request itself."""


class _CookieContent(msgspec.Struct, frozen=True):
    expires_at: datetime
    id: str = ""
    """Tells sessions apart that end in the same moment."""


async def _signed_in(request: Request) -> SignedIn | None:
    found: SignedIn | None = request.scope.get("state", {}).get("session")
    return found


Session = Annotated[SignedIn | None, Depends(_signed_in)]
"""As a parameter of an endpoint: who asks, as `AuthMiddleware` found out; None: nobody known."""


def check_token(deps: ApiDependencies, shown: str) -> SignedIn | None:
    """Signed in if it is the admin token. Takes equally long whatever is shown, so that time tells nothing of it."""
    right = hmac.compare_digest(shown.encode(), deps.admin_token.encode())
    return SignedIn(expires_at=None) if right else None


async def check_cookie(deps: ApiDependencies, value: str) -> SignedIn | None:
    """Signed in if the cookie was signed by this server, hasn't expired, and nobody has signed out.

    Raises:
        StoreError: Where servers share a database, which is away: nobody knows.
    """
    content, _, signature = value.partition(".")
    if not hmac.compare_digest(signature.encode(), _signature(deps, content).encode()):
        return None
    try:
        session = msgspec.json.decode(_decode(content), type=_CookieContent)
        if await deps.ended_sessions.has(_name_of(content)):
            return None
    except (binascii.Error, ValueError, msgspec.DecodeError):
        return None
    return SignedIn(expires_at=session.expires_at) if session.expires_at > deps.clock.now() else None


async def use_code(deps: ApiDependencies, shown: str) -> bool:
    """Whether it is a code that signs in (`sign_in_codes`); nobody is signed in by it again, at whichever server.

    Raises:
        StoreError: Where servers share a database, which is away: nobody knows whether it was used.
    """
    now = deps.clock.now()
    code = read_code(deps.admin_token, shown, now)
    if code is None:
        return False
    return await deps.ended_sessions.add(f"code-{code.id}", float(code.expires), now.timestamp())


def new_cookie(deps: ApiDependencies) -> tuple[str, SignedIn]:
    """The value of a session cookie that begins now, and the session it stands for."""
    expires_at = (deps.clock.now() + SESSION_LIFE).astimezone(UTC)
    content = _encode(msgspec.json.encode(_CookieContent(expires_at=expires_at, id=secrets.token_urlsafe(ID_BYTES))))
    return f"{content}.{_signature(deps, content)}", SignedIn(expires_at=expires_at)


async def end_session(deps: ApiDependencies, value: str) -> None:
    """Let a cookie in no more, whoever has a copy of it and at whichever server; one that isn't in force is let be.

    Raises:
        StoreError: Where servers share a database, which is away.
    """
    session = await check_cookie(deps, value)
    if session is not None and session.expires_at is not None:
        content = value.partition(".")[0]
        until, now = session.expires_at.timestamp() + 1, deps.clock.now().timestamp()
        await deps.ended_sessions.add(_name_of(content), until, now)


def _name_of(content: str) -> str:
    """What an ended session is remembered by; nobody makes a cookie of it."""
    return hashlib.sha256(content.encode()).hexdigest()


def _signature(deps: ApiDependencies, content: str) -> str:
    return _encode(hmac.digest(deps.admin_token.encode(), PURPOSE + content.encode(), "sha256"))


def _encode(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def _decode(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
