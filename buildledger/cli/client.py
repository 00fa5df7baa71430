"""Talking to a running server from the same machine: its address and its admin token stand in the state directory."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import click
import httpx

from buildledger.settings import ADDRESS_FILE, ADMIN_TOKEN_FILE

TIMEOUT_SECONDS = 30.0


class Client:
    """The API as the command line needs it; what goes wrong becomes one readable line and exit code 1."""

    def __init__(self, state: Path) -> None:
        try:
            url = (state / ADDRESS_FILE).read_text().strip()
            token = (state / ADMIN_TOKEN_FILE).read_text().strip()
        except FileNotFoundError:
            raise click.ClickException(
                f"no server has run in {state}: start one with `buildledger serve --state {state}`"
            ) from None
        except ValueError as error:
            raise click.ClickException(
                f"the files {ADDRESS_FILE} and {ADMIN_TOKEN_FILE} in {state} hold something else than a server writes:"
                f" {error}"
            ) from None
        self.url, self.token = url, token
        self._http = httpx.Client(
            base_url=f"{url}/api/v1", timeout=TIMEOUT_SECONDS, headers={"Authorization": f"Bearer {token}"}
        )

    def get(self, path: str, **parameters: str | int) -> dict[str, Any]:
        """Read one resource."""
        return self._ask("GET", path, params=parameters) or {}

    def find(self, path: str, **parameters: str | int) -> dict[str, Any] | None:
        """Read one resource that may not be there."""
        return self._ask("GET", path, params=parameters, absent_ok=True)

    def post(self, path: str, body: dict[str, Any]) -> dict[str, Any]:
        """Give a command; answered when it is durable."""
        return self._ask("POST", path, json=body) or {}

    def _ask(self, method: str, path: str, absent_ok: bool = False, **options: Any) -> dict[str, Any] | None:
        try:
            answer = self._http.request(method, path, **options)
        except httpx.TransportError as error:
            raise click.ClickException(f"the server doesn't answer at {self.url}: {error}") from None
        if answer.is_success:
            body: dict[str, Any] = answer.json()
            return body
        if absent_ok and answer.status_code == httpx.codes.NOT_FOUND:
            return None
        raise click.ClickException(_problem(answer))


def _problem(answer: httpx.Response) -> str:
    try:
        problem = answer.json()
    except json.JSONDecodeError:
        return f"the server answered {answer.status_code}"
    return f"{problem.get('detail') or problem.get('title')} ({problem.get('code', answer.status_code)})"
