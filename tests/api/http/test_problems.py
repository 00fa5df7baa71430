"""What goes wrong is a problem document with a stable code."""

from __future__ import annotations

import httpx
import pytest

from tests.projections.samples import nowhere


async def test_broken_json_is_malformed(client: httpx.AsyncClient) -> None:
    """A body that isn't JSON is 400."""
    answer = await client.post(
        "/api/v1/builders/lint/force", content=b"{", headers={"Content-Type": "application/json"}
    )
    assert (answer.status_code, answer.json()["code"]) == (400, "malformed")


@pytest.mark.parametrize(
    "path", ["builds/{}", "builds/{}/steps", "changes/{}", "requests/{}", "logs/{}", "builders/none", "workers/none"]
)
async def test_what_is_not_there_is_a_problem(client: httpx.AsyncClient, path: str) -> None:
    """An unknown id is 404 with a problem document."""
    answer = await client.get("/api/v1/" + path.format(nowhere()))
    assert answer.status_code == 404
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["code"] == "not_found"
