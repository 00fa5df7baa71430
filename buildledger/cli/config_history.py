"""`buildledger config history` and `show`: what was in force when, by whom and why."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import click

from buildledger.cli.client import Client
from buildledger.cli.moments import moment
from buildledger.cli.options import json_option, state_option
from buildledger.config.plan.plan import STORED_LINES
from buildledger.config.resolved import Configuration
from buildledger.config.stored import read_configuration
from buildledger.events.stored_format import UnreadableTextError
from buildledger.wording import plural

REVISION_MAX = 2**53 - 1
REVISION = click.IntRange(min=1, max=REVISION_MAX)
PAGE = 20
PAGE_MAX = 200
PLAN_LINES = 3
"""Of each revision in the list."""


@click.command("history")
@click.option("--limit", type=click.IntRange(1, PAGE_MAX), default=PAGE, show_default=True, help="How many, at most.")
@click.option("--before", type=REVISION, help="Only those before this revision.")
@json_option
@state_option
def history(limit: int, before: int | None, as_json: bool, state: Path) -> None:
    """List the configurations that were in force, the newest first: who applied each, when, from where and why."""
    items = Client(state).items("/config/revisions", limit=limit, before=before or REVISION_MAX)
    if as_json:
        click.echo(json.dumps(items, indent=2))
        return
    now = datetime.now(UTC)
    click.echo("\n".join(_told(item, now) for item in items) or "No configuration has been applied.")
    if len(items) == limit and (oldest := items[-1]["revision"]) > 1:
        click.echo(f"{plural(oldest - 1, 'earlier revision')}: add `--before {oldest}`")


@click.command("show")
@click.option("--revision", type=REVISION, help="An earlier one.  [default: the one in force]")
@state_option
def show(revision: int | None, state: Path) -> None:
    """Print a configuration, resolved, as JSON: the one in force, or an earlier revision."""
    client = Client(state)
    answer = client.find("/config") if revision is None else client.get(f"/config/revisions/{revision}")
    if answer is None:
        raise click.ClickException("no configuration has been applied")
    click.echo(json.dumps(answer["configuration"], indent=2))


def stored_configuration(state: Path, revision: int) -> Configuration:
    """The configuration that a revision put in force.

    Raises:
        ClickException: There is none, or it can't be read.
    """
    answer = Client(state).get(f"/config/revisions/{revision}")
    try:
        return read_configuration(json.dumps(answer["configuration"]))
    except UnreadableTextError as error:
        raise click.ClickException(f"revision {revision} can't be compared: {error}") from None


def _told(item: dict[str, Any], now: datetime) -> str:
    source = f"back to revision {item['restores']}" if item["restores"] else f"from {item['origin']}"
    lines = [
        f"revision {item['revision']}{', in force' if item['active'] else ''}:"
        f" {item['applied_by']['label']}, {moment(item['applied_at'], now)}, {source}"
    ]
    lines += [f'    "{item["message"]}"'] if item["message"] else []
    lines += [f"    {line}" for line in item["plan"][:PLAN_LINES]]
    if (left := len(item["plan"]) - PLAN_LINES) > 0:
        number = item["revision"]
        where = f": `buildledger config diff --revision {number} --against {number - 1}`" if number > 1 else ""
        at_least = "at least " if len(item["plan"]) >= STORED_LINES else ""
        lines.append(f"    and {at_least}{plural(left, 'more line')}{where}")
    lines += [f"    {each['component']} could not follow it: {each['detail']}" for each in item["failures"]]
    return "\n".join(lines)
