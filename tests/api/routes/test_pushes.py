"""Commits that somebody hands in: durable when answered, known by their words, harmless when repeated."""

from __future__ import annotations

import json
from typing import Any

import httpx
import pytest

from buildledger.domain.source import MoveBranch
from buildledger.events.change import BranchMoved, ChangeRecorded
from tests.api.conftest import Site, settled

FIRST, SECOND = "1" * 40, "2" * 40


def commit(revision: str, *parents: str, message: str = "Mend it") -> dict[str, Any]:
    """A commit as a hook would hand it in."""
    return {
        "revision": revision,
        "parents": list(parents),
        "author": "Ada Example <ada@example.org>",
        "message": message,
        "committed_at": "2026-01-02T03:04:05Z",
        "files": ["a.c", "b.c"],
    }


async def test_commits_handed_in_are_recorded_and_move_their_branch(site: Site, client: httpx.AsyncClient) -> None:
    """The answer's position holds the move; the changes can be read with their words at once."""
    body = {"branch": "topic", "commits": [commit(FIRST), commit(SECOND, FIRST, message="Then \x07 this")]}
    answer = await client.post("/api/v1/sources/widget/changes", json=body)
    assert answer.status_code == 201, answer.text
    (moved,) = site.ledger.read(answer.json()["position"] - 1, 1)
    assert isinstance(moved.fact, BranchMoved)
    assert (moved.fact.branch, moved.fact.revision, moved.fact.change_count) == ("topic", SECOND, 2)
    newest = (await client.get("/api/v1/changes?branch=topic&limit=1")).json()["items"][0]
    assert newest["revision"] == SECOND
    assert newest["parents"] == [FIRST]
    assert newest["author"]["name"] == "Ada Example"
    assert newest["message"] == "Then \x07 this"


async def test_commits_that_are_known_decide_nothing(site: Site, client: httpx.AsyncClient) -> None:
    """A hook that repeats itself adds no fact."""
    body = {"branch": "topic", "commits": [commit(FIRST)]}
    await client.post("/api/v1/sources/widget/changes", json=body)
    head = site.ledger.head()
    again = await client.post("/api/v1/sources/widget/changes", json=body)
    assert again.status_code == 201
    assert site.ledger.head() == head
    recorded = [each for each in site.ledger.read(0, 10_000) if isinstance(each.fact, ChangeRecorded)]
    assert sum(each.fact.revision == FIRST for each in recorded if isinstance(each.fact, ChangeRecorded)) == 1


async def test_commits_handed_in_again_are_answered_alike(site: Site, client: httpx.AsyncClient) -> None:
    """A repetition by its key is answered as the first, also when the branch and the configuration have moved on."""
    key = {"Idempotency-Key": "once"}
    body = {"branch": "topic", "commits": [commit(FIRST)]}
    first = await client.post("/api/v1/sources/widget/changes", json=body, headers=key)
    await client.post("/api/v1/sources/widget/changes", json={"branch": "topic", "commits": [commit(SECOND, FIRST)]})
    site.world.apply_config("lint")
    again = await client.post("/api/v1/sources/widget/changes", json=body, headers=key)
    assert again.status_code == 201, again.text
    assert (again.json()["position"], again.json()["duplicate"]) == (first.json()["position"], True)


async def test_a_source_that_is_not_configured_takes_no_commits(
    site: Site, client: httpx.AsyncClient, caplog: pytest.LogCaptureFixture
) -> None:
    """It is answered 404 with what may have been meant, or that it has gone, also in the log; no revision is 422."""
    await settled(site)
    body = {"branch": "topic", "commits": [commit(FIRST)]}
    answer = await client.post("/api/v1/sources/widgte/changes", json=body)
    assert answer.status_code == 404
    assert "there is no configured source widgte, did you mean 'widget'?; configured: widget" in answer.json()["detail"]
    assert "widgte" in caplog.text
    site.world.execute(MoveBranch(source="old", move=BranchMoved(source="old", branch="main", revision=FIRST)))
    await settled(site)
    gone = await client.post("/api/v1/sources/old/changes", json=body)
    assert "it was in the configuration before, and is known from history only" in gone.json()["detail"]
    assert (await client.post("/api/v1/sources/old/trigger-poll")).json()["detail"] == gone.json()["detail"]
    wrong = {"branch": "topic", "commits": [commit("--upload-pack=evil")]}
    assert (await client.post("/api/v1/sources/widget/changes", json=wrong)).status_code == 422


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("committed_at", "2026-01-02T03:04:05"),
        ("committed_at", "0001-01-01T00:00:00+14:00"),
        ("committed_at", "9999-12-31T23:59:59-12:00"),
        ("files", ["a\0b"]),
        ("files", ["\ud800"]),
        ("message", "\udfff"),
        ("author", "\ud800"),
    ],
)
async def test_commits_that_cannot_be_kept_are_refused_whole(
    site: Site, client: httpx.AsyncClient, field: str, value: object
) -> None:
    """422 with the place, nothing recorded, and the next good commit is seen at once: no read model stands still."""
    head = site.ledger.head()
    bad = {"branch": "topic", "commits": [commit(FIRST), commit(SECOND, FIRST) | {field: value}]}
    answer = await client.post(
        "/api/v1/sources/widget/changes", content=json.dumps(bad), headers={"Content-Type": "application/json"}
    )
    assert answer.status_code == 422, answer.text
    assert field in answer.json()["detail"]
    assert site.ledger.head() == head
    good = await client.post("/api/v1/sources/widget/changes", json={"branch": "topic", "commits": [commit(FIRST)]})
    assert (good.status_code, good.json()["visible"]) == (201, True)
