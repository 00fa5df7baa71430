"""`buildledger requests`."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from buildledger.cli.client import Client
from buildledger.cli.moments import moment
from buildledger.cli.options import NameType, json_option, state_option

PAGE = 100


@click.command()
@state_option
@json_option
@click.option("--without-build", is_flag=True, help="Show those instead that were cancelled or joined with another.")
@click.option("--builder", type=NameType(), help="Only requests for this builder.")
def requests(state: Path, as_json: bool, without_build: bool, builder: str | None) -> None:
    """Show the requests that wait, each with the reason, in the order in which they are built.

    With --without-build those that will never have a build of their own, the newest first: who or what decided it,
    when, and why. At the most 100 are shown.
    """
    wanted = {"without_build": "true"} if without_build else {"status": "waiting"}
    client = Client(state)
    if builder is not None:
        wanted["builder"] = builder
    items = client.items("/requests", limit=PAGE, **wanted)
    if builder is not None and not items:
        client.get(f"/builders/{builder}")  # says so if there is none of that name
    if as_json:
        click.echo(json.dumps(items, indent=2))
        return
    now = datetime.now(UTC)
    for item in items:
        click.echo(f"{_what(item)}, asked for {moment(item['submitted_at'], now)}: {_why(item, now)}")
    if not items:
        click.echo("No request waits." if not without_build else "No request was cancelled or joined with another.")


def _what(item: dict[str, Any]) -> str:
    stamps = ", ".join(f"{stamp['source']} {stamp['revision'] or stamp['branch']}" for stamp in item["stamps"])
    return f"{item['builder']} ({item['reason']}{': ' if stamps else ''}{stamps})"


def _why(item: dict[str, Any], now: datetime) -> str:
    explanation = item["explanation"]
    if item["waiting"] is not None:
        again = "" if explanation is None else f"{explanation['text']}; waits once more: "
        return f"{again}{item['waiting']['text']}"
    who = explanation["by"]["label"] if explanation["by"]["kind"] == "user" else "the server"
    decided = "cancelled" if explanation["code"] == "cancelled" else "joined with another"
    return f"{decided} by {who} {moment(explanation['at'], now)}: {explanation['text']}"
