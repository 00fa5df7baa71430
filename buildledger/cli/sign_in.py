"""`buildledger sign-in`."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import click

from buildledger.api.http.sign_in_codes import LIFE, new_code
from buildledger.cli.client import Client
from buildledger.cli.options import state_option


@click.command()
@state_option
def sign_in(state: Path) -> None:
    """Print a link that signs you in to the dashboard, once, within 15 minutes.

    Prints the link alone. It needs a server that runs, and the right to read its state directory.
    """
    client = Client(state)
    client.get("/session")
    click.echo(link(client.url, client.token))


def link(url: str, admin_token: str) -> str:
    """An address of the dashboard that signs whoever opens it first in."""
    return f"{url}/#token={new_code(admin_token, datetime.now(UTC))}"


def lifetime() -> str:
    """How long a link is good, for people."""
    return f"{LIFE.total_seconds() / 60:.0f} minutes"
