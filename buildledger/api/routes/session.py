"""Signing in and out: the local admin token, exchanged for a cookie."""

from __future__ import annotations

from fastapi import Request

from buildledger.api.http.credentials import (
    SESSION_COOKIE,
    SESSION_LIFE,
    Session,
    SignedIn,
    check_token,
    end_session,
    new_cookie,
    use_code,
)
from buildledger.api.http.dependencies import ApiDependencies, Dependencies
from buildledger.api.http.problems import NotSignedIn, UsedLink, WrongToken
from buildledger.api.http.responses import JsonResponse
from buildledger.api.http.routing import api_router
from buildledger.api.http.sign_in_codes import PREFIX
from buildledger.api.models import request_models
from buildledger.api.models import server as models
from buildledger.api.models.scalars import Actor
from buildledger.api.queries.personal_data import ADMIN_NAME, admin_actor

router = api_router("session")


@router.get("/session")
async def read_session(deps: Dependencies, session: Session) -> JsonResponse[models.Session]:
    """Who is signed in."""
    return JsonResponse(_as_session(deps, session))


@router.post("/session")
async def sign_in(
    request: Request, deps: Dependencies, body: request_models.SessionBody
) -> JsonResponse[models.Session]:
    """Sign in with the local admin token or a code of `buildledger sign-in`.

    Sets a cookie that no script can read and no other site can use.
    """
    if check_token(deps, body.token) is None and not await use_code(deps, body.token):
        raise _refusal(body.token)
    value, session = new_cookie(deps)
    response = JsonResponse(_as_session(deps, session))
    response.set_cookie(
        SESSION_COOKIE,
        value,
        max_age=int(SESSION_LIFE.total_seconds()),
        httponly=True,
        samesite="strict",
        secure=request.url.scheme == "https",
        path="/",
    )
    return response


@router.delete("/session")
async def sign_out(request: Request, deps: Dependencies) -> JsonResponse[models.Session]:
    """Sign out: the session is over for whoever has its cookie, and the cookie is deleted."""
    await end_session(deps, request.cookies.get(SESSION_COOKIE, ""))
    response = JsonResponse(_as_session(deps, None))
    response.delete_cookie(SESSION_COOKIE, path="/", httponly=True, samesite="strict")
    return response


def _refusal(shown: str) -> NotSignedIn:
    if shown.startswith(f"{PREFIX}."):
        return UsedLink("`buildledger sign-in`, on the server's machine, prints another")
    return WrongToken("that isn't the admin token; it is in the server's state directory")


def _as_session(deps: ApiDependencies, session: SignedIn | None) -> models.Session:
    if session is None:
        return models.Session(signed_in=False, actor=None, expires_at=None)
    actor = Actor(kind="user", id=admin_actor(deps.vault), label=ADMIN_NAME)
    return models.Session(signed_in=True, actor=actor, expires_at=session.expires_at)
