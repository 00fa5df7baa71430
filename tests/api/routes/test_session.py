"""Signing in and out."""

from __future__ import annotations

from datetime import timedelta

from buildledger.api.http.credentials import SESSION_COOKIE
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
