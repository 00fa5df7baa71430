"""Who gets in: the admin token or its cookie, under the server's own names, from its own pages."""

from __future__ import annotations

import httpx
import pytest

from buildledger.api.http.credentials import SESSION_COOKIE
from tests.api.conftest import AUTHORIZED, TOKEN, Site

OPEN = ("health", "ui-config", "session")


async def test_nothing_is_open_but_health_and_the_way_in(site: Site) -> None:
    """Every address of the API wants the token, except the three that say how to get in."""
    paths = [path for path, operations in site.app.openapi()["paths"].items() if "get" in operations]
    assert len(paths) > 30
    async with site.client(Accept="application/json") as stranger:
        for path in paths:
            answer = await stranger.get(path.replace("{", "").replace("}", ""))
            is_open = path.rpartition("/")[2] in OPEN
            assert answer.status_code == (200 if is_open else 401), path
            if not is_open:
                assert answer.json()["code"] == "not_signed_in"
                assert "www-authenticate" in answer.headers


async def test_a_wrong_token_is_no_token(site: Site) -> None:
    """Neither a wrong token nor a wrong cookie gets in."""
    for headers in (
        {"Authorization": "Bearer wrong"},
        {"Authorization": f"Basic {TOKEN}"},
        {"Authorization": "Bearer "},
        {"Cookie": f"{SESSION_COOKIE}=abc.def"},
        {"Cookie": f"{SESSION_COOKIE}="},
    ):
        async with site.client(**headers) as stranger:
            assert (await stranger.get("/api/v1/home")).status_code == 401
            assert not (await stranger.get("/api/v1/ui-config")).json()["signed_in"]


@pytest.mark.parametrize(
    ("headers", "title"),
    [
        ({"Accept": "application/json"}, "Sign in first"),
        ({"Authorization": "Bearer wrong"}, "Sign-in failed: wrong token"),
        ({"Authorization": "Basic Og=="}, "Sign-in failed: wrong token"),
        ({"Cookie": f"{SESSION_COOKIE}=abc.def"}, "Your session has ended"),
        ({"Cookie": "another=cookie"}, "Sign in first"),
    ],
)
async def test_whoever_does_not_get_in_is_told_why(site: Site, headers: dict[str, str], title: str) -> None:
    """_Sign in first_ is for who showed nothing; a wrong token and an old session are named, under the same code."""
    async with site.client(**headers) as stranger:
        problem = (await stranger.get("/api/v1/home")).json()
    assert (problem["title"], problem["code"]) == (title, "not_signed_in")


async def test_a_cookie_that_was_changed_is_worthless(site: Site) -> None:
    """Each character of the cookie is covered by its signature."""
    async with site.client(Accept="application/json") as browser:
        await browser.post("/api/v1/session", json={"token": TOKEN})
        value = browser.cookies[SESSION_COOKIE]
    for place in range(0, len(value), 7):
        other = "A" if value[place] != "A" else "B"
        changed = value[:place] + other + value[place + 1 :]
        async with site.client(Cookie=f"{SESSION_COOKIE}={changed}") as stranger:
            assert (await stranger.get("/api/v1/home")).status_code == 401


@pytest.mark.parametrize("host", ["evil.example", "evil.example:8010", "127.0.0.1.evil.example", "", "[::2]:8010"])
async def test_other_names_are_refused(site: Site, host: str) -> None:
    """A page that has its own name point at this machine gets nothing, not even the dashboard (DNS rebinding)."""
    async with site.client(**AUTHORIZED, Host=host) as browser:
        for path in ("/", "/api/v1/home", "/api/v1/health"):
            answer = await browser.get(path)
            assert (answer.status_code, answer.json()["code"]) == (421, "misdirected")


@pytest.mark.parametrize("host", ["localhost", "LOCALHOST:8010", "127.0.0.1:9", "[::1]:8010"])
async def test_its_own_names_are_answered(site: Site, host: str) -> None:
    """Loopback is spoken to under any of its names and ports."""
    async with site.client(**AUTHORIZED, Host=host) as browser:
        assert (await browser.get("/api/v1/home")).status_code == 200


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://evil.example"},
        {"Origin": "http://localhost:9999"},
        {"Origin": "null"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
    ],
)
async def test_other_sites_command_nothing(site: Site, client: httpx.AsyncClient, headers: dict[str, str]) -> None:
    """A command that another site makes a browser send is refused, whatever else it shows."""
    head = site.ledger.head()
    answer = await client.post("/api/v1/builders/lint/force", json={}, headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (403, "forbidden")
    assert site.ledger.head() == head


async def test_its_own_pages_may_command(client: httpx.AsyncClient) -> None:
    """The dashboard's own requests pass."""
    headers = {"Origin": "http://localhost:8010", "Sec-Fetch-Site": "same-origin"}
    answer = await client.post("/api/v1/builders/lint/force", json={}, headers=headers)
    assert answer.status_code == 201


async def test_every_answer_is_safe_to_look_at(client: httpx.AsyncClient) -> None:
    """No answer is sniffed, framed or sent on by its address, problems included."""
    for path in ("/api/v1/home", "/api/v1/builds/x", "/api/v1/nothing", "/"):
        answer = await client.get(path)
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["referrer-policy"] == "same-origin"
        assert "frame-ancestors 'none'" in answer.headers["content-security-policy"]
