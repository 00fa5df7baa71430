"""Where every request is authenticated: by its host name, its origin, and the token or cookie that it shows."""

from __future__ import annotations

from http.cookies import CookieError, SimpleCookie
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from buildledger.api.http.credentials import SESSION_COOKIE, SignedIn, check_cookie, check_token
from buildledger.api.http.dependencies import ApiDependencies
from buildledger.api.http.open_paths import OPEN_PATHS
from buildledger.api.http.problems import (
    DatabaseAway,
    Forbidden,
    Misdirected,
    NotSignedIn,
    Problem,
    SessionEnded,
    WrongToken,
    problem_response,
)
from buildledger.ledger.errors import StoreError

API = "/api/"
SAFE_METHODS = frozenset({"GET", "HEAD", "OPTIONS"})
BEARER = "bearer "
SECURITY_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'; sandbox",
}
"""Headers of every answer that doesn't set them otherwise itself."""


class AuthMiddleware:
    """ASGI middleware around everything else. A request that it lets through has `state.session` in its scope."""

    def __init__(self, app: ASGIApp, deps: ApiDependencies) -> None:
        self._app = app
        self._deps = deps

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """See the ASGI specification. Websockets are not spoken."""
        if scope["type"] != "http":
            if scope["type"] == "websocket":
                await send({"type": "websocket.close", "code": 1008})
            return

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in SECURITY_HEADERS.items():
                    headers.setdefault(name, value)
            await send(message)

        try:
            _readable(scope)
            session = await self._authenticate(scope)
        except Problem as problem:
            await problem_response(problem, scope["path"])(scope, receive, send_with_headers)
            return
        scope.setdefault("state", {})["session"] = session
        await self._app(scope, receive, send_with_headers)

    async def _authenticate(self, scope: Scope) -> SignedIn | None:
        """Who asks; None for what is open to everybody.

        Raises:
            Misdirected: the server isn't spoken to under a name of its own.
            Forbidden: another site made a browser send a command.
            DatabaseAway: nobody can say whether the session was ended at another server.
            NotSignedIn: neither a valid token nor a valid cookie was shown; what is said depends on what was.
        """
        headers = Headers(scope=scope)
        host = headers.get("host", "")
        if _name_of(host) not in self._hosts():
            raise Misdirected(
                f"this server isn't {host or 'without a name'}; it answers to {', '.join(sorted(self._hosts()))}"
            )
        path: str = scope["path"]
        if not path.startswith(API):
            return None
        if scope["method"] not in SAFE_METHODS:
            _same_origin(headers, host)
        session = await self._session(headers)
        if session is None and path not in OPEN_PATHS:
            problem = _refusal(headers)
            problem.headers = {"WWW-Authenticate": 'Bearer realm="buildledger"'}
            raise problem
        return session

    def _hosts(self) -> frozenset[str]:
        configuration = self._deps.active.current
        if configuration is None or configuration.server.url is None:
            return self._deps.hosts
        name = urlsplit(configuration.server.url).hostname
        return self._deps.hosts if name is None else self._deps.hosts | {name}

    async def _session(self, headers: Headers) -> SignedIn | None:
        shown = headers.get("authorization", "")
        if shown[: len(BEARER)].lower() == BEARER:
            return check_token(self._deps, shown[len(BEARER) :].strip())
        if "cookie" not in headers:
            return None
        try:
            cookie = SimpleCookie(headers["cookie"]).get(SESSION_COOKIE)
        except CookieError:
            return None
        try:
            return None if cookie is None else await check_cookie(self._deps, cookie.value)
        except StoreError as error:
            raise DatabaseAway("whether this session has ended can't be asked at the moment") from error


def _refusal(headers: Headers) -> NotSignedIn:
    """Why nobody gets in who shows this."""
    if "authorization" in headers:
        return WrongToken("`Authorization: Bearer …` takes the text of `admin-token` in the server's state directory")
    if SESSION_COOKIE in headers.get("cookie", ""):
        return SessionEnded("sign in again at /api/v1/session with the admin token")
    return NotSignedIn(
        "send the admin token as `Authorization: Bearer …`, or sign in at /api/v1/session;"
        " it stands in the server's state directory"
    )


def _readable(scope: Scope) -> None:
    """Refuse an address that no name, no file and no database could have.

    Raises:
        Problem: it holds a NUL.
    """
    if "\0" in scope["path"] or b"%00" in scope["query_string"] or b"\0" in scope["query_string"]:
        raise Problem("the address holds a NUL (%00)")


def _same_origin(headers: Headers, host: str) -> None:
    """Refuse a command that another site's page makes a browser send.

    Raises:
        Forbidden: it comes from another site.
    """
    origin = headers.get("origin")
    if origin is not None and urlsplit(origin).netloc.lower() != host.lower():
        raise Forbidden(f"commands don't come from another site ({origin})")
    if headers.get("sec-fetch-site", "none") not in ("none", "same-origin"):
        raise Forbidden("commands don't come from another site")


def _name_of(host: str) -> str:
    """The host name in a Host header, in lower case and without its port."""
    if host.startswith("["):
        return host.partition("]")[0].lower() + "]"
    return host.partition(":")[0].lower()
