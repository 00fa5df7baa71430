"""Signing in: the local admin token, shown with every request or once for a signed cookie."""

from __future__ import annotations

import base64
import binascii
import hmac
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import msgspec
from fastapi import APIRouter, Request, Response

from buildledger.api.http.dependencies import ApiDependencies, dependencies
from buildledger.api.http.problems import NotSignedIn
from buildledger.api.http.responses import answer, returns
from buildledger.api.models import request_bodies as bodies
from buildledger.api.models import server as models
from buildledger.api.models.scalars import Actor
from buildledger.api.queries.personal_data import ADMIN_NAME, admin_actor

COOKIE = "buildledger_session"
LIFE = timedelta(days=7)
PURPOSE = b"buildledger session v1\x1f"

router = APIRouter(tags=["session"])


@dataclass(frozen=True)
class SignedIn:
    """Whoever showed the token, or a cookie that was given for it."""

    expires_at: datetime | None
    """None: the token came with the request itself."""


class _Content(msgspec.Struct, frozen=True):
    expires_at: datetime


def session_of(request: Request) -> SignedIn | None:
    """Who asks, as `gate` found out; None: nobody known."""
    session: SignedIn | None = request.scope.get("state", {}).get("session")
    return session


def by_token(deps: ApiDependencies, shown: str) -> SignedIn | None:
    """Signed in if it is the token; takes equally long whatever is shown."""
    right = hmac.compare_digest(shown.encode(), deps.admin_token.encode())
    return SignedIn(expires_at=None) if right else None


def by_cookie(deps: ApiDependencies, value: str) -> SignedIn | None:
    """Signed in if the cookie was signed here and isn't too old."""
    content, _, signature = value.partition(".")
    if not hmac.compare_digest(signature.encode(), _signature(deps, content).encode()):
        return None
    try:
        session = msgspec.json.decode(_unpack(content), type=_Content)
    except (binascii.Error, ValueError, msgspec.DecodeError):
        return None
    return SignedIn(expires_at=session.expires_at) if session.expires_at > deps.clock.now() else None


@router.get("/session", **returns(models.Session))
async def read_session(request: Request) -> Response:
    """Who is signed in."""
    return answer(_described(dependencies(request), session_of(request)))


@router.post("/session", **returns(models.Session))
async def sign_in(request: Request, body: bodies.SessionBody) -> Response:
    """Sign in with the local admin token; sets a cookie that no script can read and no other site can use."""
    deps = dependencies(request)
    if by_token(deps, body.token) is None:
        raise NotSignedIn("that isn't the admin token; it stands in the server's state directory")
    expires_at = (deps.clock.now() + LIFE).astimezone(UTC)
    content = _pack(msgspec.json.encode(_Content(expires_at=expires_at)))
    response = answer(_described(deps, SignedIn(expires_at=expires_at)))
    response.set_cookie(
        COOKIE,
        f"{content}.{_signature(deps, content)}",
        max_age=int(LIFE.total_seconds()),
        httponly=True,
        samesite="strict",
        secure=request.url.scheme == "https",
        path="/",
    )
    return response


@router.delete("/session", **returns(models.Session))
async def sign_out(request: Request) -> Response:
    """Sign out: the cookie is deleted."""
    response = answer(_described(dependencies(request), None))
    response.delete_cookie(COOKIE, path="/", httponly=True, samesite="strict")
    return response


def _described(deps: ApiDependencies, session: SignedIn | None) -> models.Session:
    if session is None:
        return models.Session(signed_in=False, actor=None, expires_at=None)
    actor = Actor(kind="user", id=admin_actor(deps.vault), label=ADMIN_NAME)
    return models.Session(signed_in=True, actor=actor, expires_at=session.expires_at)


def _signature(deps: ApiDependencies, content: str) -> str:
    return _pack(hmac.digest(deps.admin_token.encode(), PURPOSE + content.encode(), "sha256"))


def _pack(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def _unpack(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
