"""`buildledger workers`."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote

import click

from buildledger.cli.client import Client
from buildledger.cli.options import json_option, state_option

CREDENTIALS = {"none": "never enrolled", "in_force": "in force", "expired": "expired", "revoked": "revoked"}
UNITS = (("d", 86_400), ("h", 3_600), ("min", 60))
COLUMNS = ("NAME", "STATUS", "CREDENTIAL", "EXPIRES", "LAST SEEN")


@click.group()
def workers() -> None:
    """See the workers of a server, and shut one out."""


@workers.command("list", short_help="Show all workers and their credentials.")
@state_option
@json_option
def list_(state: Path, as_json: bool) -> None:
    """Show all workers: whether they are there, when their credentials end, when they were last seen."""
    items = list(_all(Client(state)))
    if as_json:
        click.echo(json.dumps(items, indent=2))
        return
    now = datetime.now(UTC)
    rows = [COLUMNS, *(_row(item, now) for item in items)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(COLUMNS))]
    for row in rows:
        click.echo("  ".join(text.ljust(width) for text, width in zip(row, widths, strict=True)).rstrip())


@workers.command()
@state_option
@click.argument("name")
@click.option("--reason", default="", help="Kept with the fact.")
def revoke(state: Path, name: str, reason: str) -> None:
    """Void all credentials of a worker.

    Its session ends at once and it is let in nowhere any more. What it runs goes on there, unheard; the builds are
    tried again elsewhere when its lease is over. To let it in again: `buildledger token --worker NAME`.
    """
    client = Client(state)
    held = client.get(f"/workers/{quote(name, safe='')}")["worker"]["credential"]["state"]
    if held != "in_force":
        click.echo(f"{name} has no credential in force: {CREDENTIALS[held]}.")
        return
    client.post(f"/workers/{quote(name, safe='')}/revoke", {"reason": reason})
    click.echo(f"The credentials of {name} are void.")


def _all(client: Client) -> Iterator[dict[str, Any]]:
    page = client.get("/workers")
    yield from page["items"]
    while page["next"] is not None:
        page = client.get("/workers", cursor=page["next"])
        yield from page["items"]


def _row(item: dict[str, Any], now: datetime) -> tuple[str, ...]:
    credential = item["credential"]
    status = item["status"].replace("_", " ") + (", paused" if item["paused"] else "")
    expires = "" if credential["state"] != "in_force" else _moment(credential["expires_at"], now) or "never"
    seen = "now" if item["status"] == "connected" else _moment(item["disconnected_at"], now) or "never"
    name = item["name"] + ("" if item["configured"] else " (not configured)")
    return (name, status, CREDENTIALS[credential["state"]], expires, seen)


def _moment(text: str | None, now: datetime) -> str:
    """`in 11 h` or `3 min ago`; empty for what never was."""
    if text is None:
        return ""
    seconds = (datetime.fromisoformat(text) - now).total_seconds()
    unit, size = next(((unit, size) for unit, size in UNITS if abs(seconds) >= 2 * size), ("s", 1))
    amount = f"{abs(seconds) / size:.0f} {unit}"
    return f"in {amount}" if seconds > 0 else f"{amount} ago"
