"""`buildledger projections`: rebuild and list. Works beside a running server."""

from __future__ import annotations

from pathlib import Path

import click

from buildledger.cli.options import database_option, state_option
from buildledger.cli.progress import progress_line
from buildledger.clock import SystemClock
from buildledger.ledger.ledger import Ledger
from buildledger.projections.projection import Projection
from buildledger.projections.rebuild import rebuild
from buildledger.projections.registry import PROJECTIONS
from buildledger.projections.storage import ViewStorage, open_storage

NAMES = {projection.NAME: projection for projection in PROJECTIONS}


@click.group()
def projections() -> None:
    """The read models: rows made from facts, which can be made again."""


@projections.command("list")
def list_projections() -> None:
    """Name them."""
    for name, projection in NAMES.items():
        click.echo(f"{name:<12} version {projection.VERSION}")


@projections.command("rebuild", short_help="Build read models anew, beside those in use.")
@click.argument("names", nargs=-1, required=True, type=click.Choice([*NAMES, "all"]))
@state_option
@database_option
def rebuild_projections(names: tuple[str, ...], state: Path, database: str | None) -> None:
    """Build read models from the first fact, beside those in use, and put them in their place.

    A server that runs goes on with the former ones meanwhile and changes over by itself.
    """
    if database is None and not (state / "ledger.db").is_file():
        raise click.ClickException(f"there is no ledger in {state}: give --state or --database")
    ledger = Ledger.open(database or f"sqlite:///{state / 'ledger.db'}", clock=SystemClock())
    storage = open_storage(state / "views", database)
    try:
        for name in NAMES if "all" in names else dict.fromkeys(names):
            _rebuild(ledger, storage, NAMES[name])
    finally:
        storage.close()
        ledger.close()


def _rebuild(ledger: Ledger, storage: ViewStorage, projection: Projection) -> None:
    name = projection.NAME
    with progress_line(f"facts into {name}", ledger.head()) as progress:
        view = rebuild(ledger, storage, projection, progress=lambda position, _: progress(position))
    click.echo(f"{name}: generation {view.generation} is in use, at position {view.position()}")
    view.close()
