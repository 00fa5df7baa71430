"""The dashboard's files: hashed assets for ever, `index.html` fresh for every page that it has."""

from __future__ import annotations

import html
import mimetypes
import secrets
from pathlib import Path
from urllib.parse import urlsplit

from fastapi import Request, Response

from buildledger.api.http.dependencies import DEFAULT_TITLE, ApiDependencies, dependencies_of
from buildledger.api.http.problems import NotFound

INDEX = "index.html"
NONCE_MARK = "__CSP_NONCE__"
BASE_MARK = '<base href="/" />'
TITLE_MARK = f"<title>{DEFAULT_TITLE}</title>"
NONCE_BYTES = 16
ENCODINGS = (("br", ".br"), ("gzip", ".gz"))
IMMUTABLE = "public, max-age=31536000, immutable"
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'nonce-{nonce}'; connect-src 'self'; img-src 'self' data:;"
    " base-uri 'self'; form-action 'self'; frame-ancestors 'none'; require-trusted-types-for 'script'"
)
SCRIPT_POLICY = "default-src 'none'; connect-src 'self'; frame-ancestors 'none'"
"""A shared worker lives under its own script's policy, not its page's: the dashboard's reads the stream of facts."""
TYPES = {".js": "text/javascript", ".svg": "image/svg+xml", ".woff2": "font/woff2", ".md": "text/markdown"}
PAGES = frozenset({"", "builders", "builds", "changes", "configuration", "logs", "queue", "sources", "workers"})
"""What the paths of the dashboard's pages begin with."""
MISSING = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><title>Build Ledger</title></head>
<body><h1>The dashboard isn't built</h1>
<p>This server works, but its package has no dashboard. In a clone of the repository, <code>make run</code> builds it;
by hand, <code>npm ci &amp;&amp; npm run build</code> in the folder <code>dashboard</code> does. The API is at
<code>/api/v1</code>.</p></body></html>
"""


def serve(request: Request) -> Response:
    """Answer with a file of the dashboard, or with its page, which shows what stands at that address.

    An address that it has no page for is 404: a browser is shown the dashboard all the same, which says so itself.

    Raises:
        NotFound: there is neither a file nor a page, and no browser asks.
    """
    deps = dependencies_of(request)
    path = request.url.path
    file = _file(deps.dashboard, path)
    if file is not None:
        return _asset(request, file, immutable="/assets/" in path)
    first, _, _ = path.removeprefix("/").partition("/")
    if first in PAGES:
        return _page(deps)
    if first in ("api", "assets") or "text/html" not in request.headers.get("accept", ""):
        raise NotFound("address", path)
    return _page(deps, status=404)


def _file(root: Path, path: str) -> Path | None:
    """The file at that address; None for pages, and for anything outside of the folder.

    Raises:
        NotFound: no file and no page can have this address.
    """
    try:
        wanted = (root / path.lstrip("/")).resolve()
        inside = wanted.is_relative_to(root.resolve()) and wanted.is_file()
    except (OSError, ValueError):
        # longer than any file's name, or with a character that none can have
        raise NotFound("address", f"{path[:80]}…") from None
    return wanted if inside and wanted.name != INDEX else None


def _asset(request: Request, file: Path, *, immutable: bool) -> Response:
    headers = {"Vary": "Accept-Encoding", "Cache-Control": IMMUTABLE if immutable else "no-cache"}
    accepted = {part.partition(";")[0].strip() for part in request.headers.get("accept-encoding", "").split(",")}
    if file.suffix == ".js":
        headers["Content-Security-Policy"] = SCRIPT_POLICY
    media_type = TYPES.get(file.suffix) or mimetypes.guess_type(file.name)[0] or "application/octet-stream"
    for encoding, suffix in ENCODINGS:
        packed = file.with_name(file.name + suffix)
        if encoding in accepted and packed.is_file():
            headers["Content-Encoding"] = encoding
            return Response(packed.read_bytes(), headers=headers, media_type=media_type)
    return Response(file.read_bytes(), headers=headers, media_type=media_type)


def _page(deps: ApiDependencies, status: int = 200) -> Response:
    headers = {"Cache-Control": "no-store"}
    index = deps.dashboard / INDEX
    if not index.is_file():
        return Response(MISSING, 503, headers=headers, media_type="text/html; charset=utf-8")
    nonce = secrets.token_urlsafe(NONCE_BYTES)
    text = index.read_text(encoding="utf-8").replace(NONCE_MARK, nonce)
    text = text.replace(BASE_MARK, f'<base href="{_base(deps)}" />')
    text = text.replace(TITLE_MARK, f"<title>{html.escape(deps.title)}</title>")
    headers["Content-Security-Policy"] = POLICY.format(nonce=nonce)
    return Response(text, status, headers=headers, media_type="text/html; charset=utf-8")


def _base(deps: ApiDependencies) -> str:
    """The path under which people reach the server, as its configured address says."""
    configuration = deps.active.current
    url = None if configuration is None else configuration.server.url
    path = "" if url is None else urlsplit(url).path.strip("/")
    return f"/{path}/" if path and path.replace("-", "").replace("_", "").replace("/", "").isalnum() else "/"
