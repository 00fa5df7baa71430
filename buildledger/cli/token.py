"""`buildledger token`."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import click

from buildledger.cli.client import Client
from buildledger.cli.options import NameType, state_option

MAX_MINUTES = 60


@click.command()
@state_option
@click.option("--worker", type=NameType(), help="The only worker that may use it.  [default: any configured one]")
@click.option(
    "--minutes",
    type=click.IntRange(1, MAX_MINUTES),
    default=MAX_MINUTES,
    show_default=True,
    help="How long it may wait to be used.",
)
def token(state: Path, worker: str | None, minutes: int) -> None:
    """Make a one-use token with which a new worker enrolls.

    Prints the token alone, so that `buildledger worker --token "$(buildledger token)" …` works.
    """
    life = int(timedelta(minutes=minutes).total_seconds())
    receipt = Client(state).post("/enrollment-tokens", {"worker": worker, "life_seconds": life})
    click.echo(receipt["token"])
