"""`buildledger workers`."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import quote

import click

from buildledger.cli.answers import objects_of
from buildledger.cli.client import Client
from buildledger.cli.moments import moment
from buildledger.cli.options import NameType, json_option, state_option

CREDENTIALS = {"none": "never enrolled", "in_force": "in force", "expired": "expired", "revoked": "revoked"}
COLUMNS = ("NAME", "STATUS", "CREDENTIAL", "EXPIRES", "LAST SEEN")


@click.group()
def workers() -> None:
    """See the workers of a server, and shut one out."""


@workers.command("list", short_help="Show all workers and their credentials.")
@state_option
@json_option
@click.option("--former", is_flag=True, help="Show those instead that aren't configured any more and are gone.")
def list_(state: Path, as_json: bool, former: bool) -> None:
    """Show all workers: whether they are there, when their credentials end, when they were last seen.

    Those that the configuration names no more and that are gone are left out, unless they are asked for.
    """
    items = list(_all(Client(state), former=former))
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
@click.argument("name", type=NameType())
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


def _all(client: Client, *, former: bool) -> Iterator[dict[str, Any]]:
    wanted = {"former": "true"} if former else {}
    page = client.get("/workers", **wanted)
    yield from objects_of(page)
    while page["next"] is not None:
        page = client.get("/workers", **wanted, cursor=page["next"])
        yield from objects_of(page)


def _row(item: dict[str, Any], now: datetime) -> tuple[str, ...]:
    credential = item["credential"]
    status = status_text(item)
    expires = "" if credential["state"] != "in_force" else moment(credential["expires_at"], now) or "never"
    seen = "now" if item["status"] == "connected" else moment(item["disconnected_at"], now) or "never"
    name = item["name"] + ("" if item["configured"] else " (not configured)")
    return (name, status, CREDENTIALS[credential["state"]], expires, seen)


def status_text(item: dict[str, Any]) -> str:
    """How it is, in a word or two; one that ended in good order was stopped, and has no pause of its own."""
    stopped = item["disconnect_reason"] == "goodbye"
    status = "stopped" if stopped else item["status"].replace("_", " ")
    match item["paused_by"]:
        case "person":
            return f"{status}, paused"
        case "worker" if item["status"] == "connected":
            return "stopping"
        case _:
            return str(status)
