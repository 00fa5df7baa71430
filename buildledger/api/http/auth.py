"""The door: under which names the server may be spoken to, from where, and by whom. Around everything else."""

from __future__ import annotations

from http.cookies import CookieError, SimpleCookie
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from buildledger.api.http.dependencies import ApiDependencies
from buildledger.api.http.problems import Forbidden, Misdirected, NotSignedIn, Problem, answer_problem
from buildledger.api.routes.session import COOKIE, SignedIn, by_cookie, by_token

API = "/api/"
OPEN = frozenset({"/api/v1/health", "/api/v1/ui-config", "/api/v1/session"})
"""What is answered to anybody who can reach the server: nothing that was built, and the way to sign in."""
READING = frozenset({"GET", "HEAD", "OPTIONS"})
BEARER = "bearer "
SAFETY = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'; sandbox",
}
"""On every answer that doesn't say otherwise itself."""


class Gate:
    """ASGI middleware. What it lets through has `state.session` in its scope."""

    def __init__(self, app: ASGIApp, deps: ApiDependencies) -> None:
        self._app = app
        self._deps = deps

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """See the ASGI specification. Websockets are not spoken."""
        if scope["type"] != "http":
            if scope["type"] == "websocket":
                await send({"type": "websocket.close", "code": 1008})
            return

        async def send_safely(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in SAFETY.items():
                    headers.setdefault(name, value)
            await send(message)

        try:
            session = self._admit(scope)
        except Problem as problem:
            await answer_problem(problem, scope["path"])(scope, receive, send_safely)
            return
        scope.setdefault("state", {})["session"] = session
        await self._app(scope, receive, send_safely)

    def _admit(self, scope: Scope) -> SignedIn | None:
        """Raises: Misdirected, Forbidden, NotSignedIn."""
        headers = Headers(scope=scope)
        host = headers.get("host", "")
        if _name_of(host) not in self._hosts():
            raise Misdirected(
                f"this server isn't {host or 'without a name'}; it answers to {', '.join(sorted(self._hosts()))}"
            )
        path: str = scope["path"]
        if not path.startswith(API):
            return None
        if scope["method"] not in READING:
            _same_origin(headers, host)
        session = self._session(headers)
        if session is None and path not in OPEN:
            problem = NotSignedIn(
                "send the admin token as `Authorization: Bearer …`, or sign in at /api/v1/session;"
                " it stands in the server's state directory"
            )
            problem.headers = {"WWW-Authenticate": 'Bearer realm="buildledger"'}
            raise problem
        return session

    def _hosts(self) -> frozenset[str]:
        configuration = self._deps.active.current
        if configuration is None or configuration.server.url is None:
            return self._deps.hosts
        name = urlsplit(configuration.server.url).hostname
        return self._deps.hosts if name is None else self._deps.hosts | {name}

    def _session(self, headers: Headers) -> SignedIn | None:
        shown = headers.get("authorization", "")
        if shown[: len(BEARER)].lower() == BEARER:
            return by_token(self._deps, shown[len(BEARER) :].strip())
        if "cookie" not in headers:
            return None
        try:
            cookie = SimpleCookie(headers["cookie"]).get(COOKIE)
        except CookieError:
            return None
        return None if cookie is None else by_cookie(self._deps, cookie.value)


def _same_origin(headers: Headers, host: str) -> None:
    """Refuse what another site makes a browser send. Raises: Forbidden."""
    origin = headers.get("origin")
    if origin is not None and urlsplit(origin).netloc.lower() != host.lower():
        raise Forbidden(f"commands don't come from another site ({origin})")
    if headers.get("sec-fetch-site", "none") not in ("none", "same-origin"):
        raise Forbidden("commands don't come from another site")


def _name_of(host: str) -> str:
    """A Host header without its port."""
    if host.startswith("["):
        return host.partition("]")[0].lower() + "]"
    return host.partition(":")[0].lower()
