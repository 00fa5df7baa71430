"""`buildledger audit`: verify and replay. Both read the database themselves and need no server."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import UUID

import click

from buildledger.audit.replay import replay
from buildledger.audit.verify import verify
from buildledger.cli.options import database_option, json_option, state_option
from buildledger.cli.progress import progress_line
from buildledger.ledger.database import open_store
from buildledger.ledger.proof import Tree
from buildledger.ledger.store import FactStore


@click.group()
def audit() -> None:
    """Check that nothing was altered, and look at the past."""


@audit.command("verify", short_help="Name the first position that doesn't fit.")
@state_option
@database_option
@json_option
@click.option(
    "--trust",
    multiple=True,
    metavar="VERIFIER",
    help="Public key that the tree heads must be signed with, as the server publishes it; repeatable."
    "  [default: any key that signed them, as long as every signature is good]",
)
def verify_ledger(state: Path, database: str | None, as_json: bool, trust: tuple[str, ...]) -> None:
    """Compute everything anew from the stored bytes and name the first position that doesn't fit.

    Exit code 0: all fits; 1: something was altered.
    """
    with _store(state, database) as (store, url):
        tree = Tree.open(store, url)
        with progress_line("facts verified", store.head()) as progress:
            report = verify(store, tree, trusted=frozenset(trust), progress=progress)
        tree.close()
    click.echo(report.to_json() if as_json else report.to_text())
    sys.exit(not report.ok)


@audit.command("replay", short_help="Print the state as it was at a position.")
@state_option
@database_option
@click.option("--to", "position", type=click.IntRange(min=0), metavar="N", help="Position.  [default: the last]")
@click.option("--stream", type=click.UUID, help="One stream only, by its id.")
def replay_ledger(state: Path, database: str | None, position: int | None, stream: UUID | None) -> None:
    """Print the state of every stream, as JSON, as it was at position N."""
    with _store(state, database) as (store, _):
        click.echo(replay(store, to=position, stream_id=stream).to_json())


@contextmanager
def _store(state: Path, database: str | None) -> Iterator[tuple[FactStore, str]]:
    url = database or f"sqlite:///{state / 'ledger.db'}"
    if database is None and not (state / "ledger.db").is_file():
        raise click.ClickException(f"there is no ledger in {state}: give --state or --database")
    store = open_store(url)
    try:
        yield store, url
    finally:
        store.close()
