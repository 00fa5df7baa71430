"""Signing in and out."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from buildledger.api.app import make_app
from buildledger.api.http.credentials import SESSION_COOKIE
from buildledger.api.http.ended_sessions import EndedSessions
from buildledger.api.http.sign_in_codes import LIFE, new_code
from buildledger.ledger.errors import StoreError
from buildledger.ledger.expiring_names import ExpiringNames
from buildledger.servers.shown_once import ShownOnce
from tests.api.conftest import TOKEN, Site


async def test_the_token_buys_a_cookie(site: Site) -> None:
    """Signing in sets a cookie that scripts can't read and other sites can't use; time and signing out end it."""
    async with site.client(Accept="application/json") as browser:
        refused = await browser.post("/api/v1/session", json={"token": "wrong"})
        assert (refused.status_code, refused.json()["title"]) == (401, "Sign-in failed: wrong token")
        answer = await browser.post("/api/v1/session", json={"token": TOKEN})
        assert answer.json()["signed_in"]
        cookie = answer.headers["set-cookie"]
        assert all(part in cookie for part in ("HttpOnly", "SameSite=strict", "Path=/"))
        assert (await browser.get("/api/v1/home")).status_code == 200
        assert (await browser.get("/api/v1/session")).json()["actor"]["label"] == "admin"
        site.world.clock.advance(timedelta(days=8).total_seconds())
        assert (await browser.get("/api/v1/home")).status_code == 401
        await browser.post("/api/v1/session", json={"token": TOKEN})
        assert (await browser.get("/api/v1/home")).status_code == 200
        await browser.delete("/api/v1/session")
        assert (await browser.get("/api/v1/home")).status_code == 401


async def test_signing_out_ends_the_session_for_every_copy_of_its_cookie(site: Site) -> None:
    """Somebody who has copied it is out as well; another session of the same person stays."""
    async with site.client(Accept="application/json") as one, site.client(Accept="application/json") as other:
        for browser in (one, other):
            await browser.post("/api/v1/session", json={"token": TOKEN})
        copied = one.cookies[SESSION_COOKIE]
        assert copied != other.cookies[SESSION_COOKIE]
        await one.delete("/api/v1/session")
        assert (await other.get("/api/v1/home")).status_code == 200
    async with site.client(Cookie=f"{SESSION_COOKIE}={copied}") as thief:
        assert (await thief.get("/api/v1/home")).status_code == 401
        assert not (await thief.get("/api/v1/session")).json()["signed_in"]


@pytest.mark.postgresql
async def test_signing_out_at_one_server_ends_the_session_at_all(site: Site, postgresql_url: str) -> None:
    """Servers that share a database and the admin token: the session is over at each of them, at once."""
    names = [ShownOnce(postgresql_url) for _ in range(2)]
    apps = [make_app(replace(site.deps, ended_sessions=EndedSessions(None, each))) for each in names]
    one, other = (site.client_of(app, Accept="application/json") for app in apps)
    async with one, other:
        await one.post("/api/v1/session", json={"token": TOKEN})
        other.cookies = one.cookies
        assert (await other.get("/api/v1/home")).status_code == 200
        copied = one.cookies[SESSION_COOKIE]
        await one.delete("/api/v1/session")
        other.cookies.set(SESSION_COOKIE, copied)
        assert (await other.get("/api/v1/home")).status_code == 401
    for each in names:
        each.close()


async def test_a_session_counts_for_nothing_while_nobody_knows_whether_it_has_ended(site: Site) -> None:
    """While the database is away a cookie is answered 503, not let in and not signed out; the token is good."""
    app = make_app(replace(site.deps, ended_sessions=EndedSessions(None, _Away())))
    async with site.client_of(app, Accept="application/json") as browser:
        await browser.post("/api/v1/session", json={"token": TOKEN})
        answer = await browser.get("/api/v1/home")
        assert (answer.status_code, answer.json()["code"]) == (503, "unavailable")
        browser.cookies.clear()
        answer = await browser.get("/api/v1/home", headers={"Authorization": f"Bearer {TOKEN}"})
        assert answer.status_code == 200


class _Away:
    """A database that can't be reached."""

    def add(self, name: str, until: float, now: float) -> bool:
        raise StoreError("away")

    def knows(self, name: str) -> bool:
        raise StoreError("away")


async def test_a_code_signs_in_once(site: Site) -> None:
    """Whoever opens the link first is signed in; it is no token, and nobody is signed in by it again."""
    code = new_code(TOKEN, site.world.clock.now())
    async with site.client(Accept="application/json") as first, site.client(Accept="application/json") as second:
        assert (await first.get("/api/v1/home", headers={"Authorization": f"Bearer {code}"})).status_code == 401
        assert (await first.post("/api/v1/session", json={"token": code})).json()["signed_in"]
        assert (await first.get("/api/v1/home")).status_code == 200
        refused = await second.post("/api/v1/session", json={"token": code})
        assert refused.status_code == 401
        assert refused.json()["title"] == "Sign-in failed: the link was used already, or is too old"
        assert (await second.get("/api/v1/home")).status_code == 401


@pytest.mark.parametrize("wrong", ["old", "of another server", "changed", "once.1.2.3", "once....", "."])
async def test_a_code_that_signs_nobody_in(site: Site, wrong: str) -> None:
    """After its time, with another server's token, or made up: it is refused, and says what to do."""
    code = new_code(
        "another-token-of-another-server" if wrong == "of another server" else TOKEN, site.world.clock.now()
    )
    if wrong == "old":
        site.world.clock.advance(LIFE.total_seconds())
    elif wrong == "changed":
        code = code.replace("once.", "once.9", 1)
    elif wrong != "of another server":
        code = wrong
    async with site.client(Accept="application/json") as browser:
        refused = await browser.post("/api/v1/session", json={"token": code})
        assert (refused.status_code, refused.json()["code"]) == (401, "not_signed_in")
        assert refused.json()["title"].startswith("Sign-in failed: ")


async def test_a_code_is_used_up_over_a_restart(site: Site, tmp_path: Path) -> None:
    """What was used is written down, and counts for the next process too."""
    code = new_code(TOKEN, site.world.clock.now())
    now = site.world.clock.now().timestamp()
    answers = []
    for _ in range(2):
        ended = EndedSessions(ExpiringNames(tmp_path / "sessions-ended", now, 100))
        async with site.client_of(make_app(replace(site.deps, ended_sessions=ended))) as browser:
            answers.append((await browser.post("/api/v1/session", json={"token": code})).status_code)
    assert answers == [200, 401]
