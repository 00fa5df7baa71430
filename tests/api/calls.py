"""Calls of the API that many tests make."""

from __future__ import annotations

from typing import Any

import httpx


async def post(client: httpx.AsyncClient, path: str, body: Any = None, **headers: str) -> httpx.Response:
    """The answer to a command."""
    return await client.post(f"/api/v1/{path}", json=body, headers=headers)


def named(key: str) -> dict[str, str]:
    """An idempotency key, as a header."""
    return {"Idempotency-Key": key}


async def read(client: httpx.AsyncClient, path: str, **parameters: Any) -> Any:
    """A good answer's body."""
    answer = await client.get(f"/api/v1/{path}", params=parameters)
    assert answer.status_code == 200, answer.text
    return answer.json()
