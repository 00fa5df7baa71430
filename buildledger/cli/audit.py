"""`buildledger audit`: verify and replay. Both read what is stored themselves and need no server."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import UUID

import click

from buildledger.audit.installation import StoredInstallation, stored_installation
from buildledger.audit.published import NoHeadError, read_published
from buildledger.audit.replay import replay
from buildledger.audit.report import Check
from buildledger.audit.verify import INSPECTED
from buildledger.cli.failures import first_line
from buildledger.cli.options import GivenFile, database_option, json_option, state_option
from buildledger.cli.progress import progress_line
from buildledger.events.codec import MalformedFactError, UnknownFactError
from buildledger.ledger.errors import LedgerFormatError, StoreError


@click.group()
def audit() -> None:
    """Check that nothing was altered, and look at the past."""


@audit.command("verify", short_help="Name all that isn't what it was.")
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
@click.option(
    "--head",
    "heads",
    multiple=True,
    type=GivenFile(),
    help="File of tree heads that were kept elsewhere, as the server prints one when it stops; repeatable."
    "  What they cover has to be there.",
)
@click.option(
    "--skip",
    "skipped",
    multiple=True,
    type=click.Choice(sorted(INSPECTED)),
    help="Leave out what takes long; repeatable.",
)
def verify_ledger(
    state: Path,
    database: str | None,
    as_json: bool,
    trust: tuple[str, ...],
    heads: tuple[Path, ...],
    skipped: tuple[str, ...],
) -> None:
    """Compute everything anew from what is stored, and name what doesn't fit: facts, logs, artifacts, the vault.

    Exit code 0: all fits; 1: something was altered, is missing or can't be read.
    """
    with _stored(state, database) as stored:
        try:
            known = {*trust, *stored.verifiers()}
            published = [head for path in heads for head in read_published(path, known)]
        except NoHeadError as error:
            raise click.ClickException(str(error)) from None
        with progress_line("facts verified", stored.store.head()) as progress:
            report = stored.verify(
                trusted=frozenset(trust),
                published=published,
                skipped={Check(name) for name in skipped},
                progress=progress,
            )
        click.echo(report.to_json() if as_json else report.to_text())
        sys.exit(not report.ok)


@audit.command("replay", short_help="Print the state as it was at a position.")
@state_option
@database_option
@click.option("--to", "position", type=click.IntRange(min=0), metavar="N", help="Position.  [default: the last]")
@click.option("--stream", type=click.UUID, help="One stream only, by its id.")
def replay_ledger(state: Path, database: str | None, position: int | None, stream: UUID | None) -> None:
    """Print the state of every stream, as JSON, as it was at position N."""
    with _stored(state, database) as stored:
        click.echo(replay(stored.store, to=position, stream_id=stream).to_json())


@contextmanager
def _stored(state: Path, database: str | None) -> Iterator[StoredInstallation]:
    url = database or f"sqlite:///{state / 'ledger.db'}"
    if database is None and not (state / "ledger.db").is_file():
        raise click.ClickException(f"there is no ledger in {state}: give --state or --database")
    try:
        with stored_installation(state, url) as stored:
            yield stored
    except (StoreError, LedgerFormatError) as error:
        raise click.ClickException(
            f"the ledger in {state if database is None else 'the database'} can't be read: {first_line(error)}"
        ) from None
    except (UnknownFactError, MalformedFactError) as error:
        raise click.ClickException(f"{error}: `buildledger audit verify` says where") from None
    except ValueError as error:
        raise click.ClickException(str(error)) from None
