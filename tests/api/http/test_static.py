"""The dashboard's files."""

from __future__ import annotations

import re
from pathlib import Path

import httpx
import pytest

import buildledger
from buildledger.api.http.dependencies import DASHBOARD
from buildledger.api.http.static import PAGES
from tests.api.conftest import Site

PAGE = (
    '<!doctype html><base href="/" /><meta property="csp-nonce" nonce="__CSP_NONCE__" />'
    '<title>Build Ledger</title><div id="root"></div>'
)


@pytest.fixture
def dashboard(site: Site) -> Path:
    """A dashboard of three files."""
    root = site.deps.dashboard
    (root / "assets").mkdir(parents=True)
    (root / "index.html").write_text(PAGE)
    (root / "assets" / "app-1a2b.js").write_text("let plain = 1")
    (root / "assets" / "app-1a2b.js.br").write_bytes(b"brotli")
    (root / "assets" / "app-1a2b.js.gz").write_bytes(b"gzip")
    (root / "favicon.svg").write_text("<svg/>")
    (root.parent / "secret").write_text("not for you")
    return root


@pytest.mark.usefixtures("dashboard")
async def test_every_page_is_the_app_with_a_nonce_of_its_own(client: httpx.AsyncClient) -> None:
    """Any address that isn't a file or the API's is the app; its nonce is new each time and in the policy."""
    nonces = set()
    for path in ("/", "/builders/lint", "/builds/12?as_of=3", "/workers"):
        answer = await client.get(path)
        assert answer.headers["cache-control"] == "no-store"
        (nonce,) = re.findall('nonce="([^"]+)"', answer.text)
        policy = answer.headers["content-security-policy"]
        assert f"style-src 'self' 'nonce-{nonce}'" in policy
        assert "default-src 'none'" in policy
        assert "unsafe" not in policy
        nonces.add(nonce)
    assert len(nonces) == 4


@pytest.mark.usefixtures("dashboard")
async def test_assets_are_packed_and_immutable(client: httpx.AsyncClient) -> None:
    """A hashed file is sent as packed as the browser takes it, and never asked for again."""
    for accepted, encoding, content in (
        ("gzip, br", "br", b"brotli"),
        ("gzip", "gzip", b"gzip"),
        ("identity", None, b"let plain = 1"),
    ):
        async with client.stream("GET", "/assets/app-1a2b.js", headers={"Accept-Encoding": accepted}) as answer:
            raw = b"".join([piece async for piece in answer.aiter_raw()])
        assert raw == content
        assert answer.headers.get("content-encoding") == encoding
        assert "immutable" in answer.headers["cache-control"]
        assert answer.headers["content-type"].startswith("text/javascript")
        assert answer.headers["vary"] == "Accept-Encoding"
    icon = await client.get("/favicon.svg")
    assert icon.headers["content-type"] == "image/svg+xml"
    assert "immutable" not in icon.headers["cache-control"]


@pytest.mark.usefixtures("dashboard")
async def test_nothing_outside_of_the_folder_is_served(client: httpx.AsyncClient) -> None:
    """No spelling of a path leads out of the dashboard's folder, and a missing asset isn't the page."""
    for path in ("/..%2fsecret", "/assets/..%2f..%2fsecret", "/%2e%2e/secret", "//etc/passwd", "/assets/gone.js"):
        answer = await client.get(path)
        assert "not for you" not in answer.text
        assert "root:" not in answer.text
        assert answer.status_code in (200, 404)
    assert (await client.get("/assets/gone.js")).status_code == 404


@pytest.mark.usefixtures("dashboard")
async def test_the_page_has_the_installations_title(site: Site, client: httpx.AsyncClient) -> None:
    """The configuration's `server.title` is the page's, from its first byte, and never anything but text."""
    site.world.apply_config("lint", title="Acme </title> & Co")
    assert "<title>Acme &lt;/title&gt; &amp; Co</title>" in (await client.get("/queue")).text


@pytest.mark.usefixtures("dashboard")
@pytest.mark.parametrize("path", ["/nowhere", "/healthz", "/metrics", "/docs/x", "/badges/lint.svg", "/builder/lint"])
async def test_what_is_no_page_is_not_found(client: httpx.AsyncClient, path: str) -> None:
    """A program gets a problem, a browser the dashboard, which says so; nobody gets a 200."""
    answer = await client.get(path)
    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
    shown = await client.get(path, headers={"Accept": "text/html,application/xhtml+xml,*/*;q=0.8"})
    assert (shown.status_code, 'id="root"' in shown.text) == (404, True)


def test_the_server_knows_the_dashboards_pages() -> None:
    """What the dashboard's router has a page for is what the server answers with 200."""
    router = (Path(__file__).parents[3] / "dashboard/src/app/router.tsx").read_text()
    paths = re.findall(r'^  path: "/([^"/]*)', router, re.MULTILINE)
    assert len(paths) > 6
    assert set(paths) == PAGES


def test_the_built_dashboard_is_looked_for_where_the_wheel_has_it() -> None:
    """The build puts it beside the rooms of the package, and the server takes it from there."""
    hook = (Path(buildledger.__file__).parent.parent / "hatch_build.py").read_text()
    assert 'root / "buildledger" / "dashboard_static"' in hook
    assert Path(buildledger.__file__).parent / "dashboard_static" == DASHBOARD


async def test_a_missing_dashboard_is_explained(client: httpx.AsyncClient) -> None:
    """Without built files every page says what to do, and the API works."""
    answer = await client.get("/builders/lint")
    assert answer.status_code == 503
    assert "npm run build" in answer.text
    assert (await client.get("/api/v1/health")).status_code == 200


async def test_unknown_api_addresses_are_problems(client: httpx.AsyncClient) -> None:
    """What a program asks for and isn't there is a problem document, not the app."""
    for path in ("/api/v1/nothing", "/api/v2/builds", "/api/", "/metrics", "/metrics/x", "/docs", "/badges/lint.svg"):
        answer = await client.get(path)
        assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
    answer = await client.delete("/api/v1/builds")
    assert (answer.status_code, answer.json()["code"]) == (405, "method_not_allowed")
