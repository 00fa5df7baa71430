"""`buildledger backup`."""

from __future__ import annotations

from pathlib import Path

import click

from buildledger.cli.options import database_option, state_option
from buildledger.wording import plural

MIB = 1 << 20


@click.command()
@state_option
@database_option
@click.argument("target", type=click.Path(path_type=Path))
def backup(state: Path, database: str | None, target: Path) -> None:
    """Copy all that nobody can make again into the new directory TARGET, while the server runs or not.

    With --database, ledger, names and proofs are in PostgreSQL: take its dump first, then this copy of logs,
    artifacts and keys, so that what the dump speaks of is in the copy.
    """
    from buildledger.composition.backup import BackupError, back_up

    try:
        made = back_up(state, target, database=database)
    except BackupError as error:
        raise click.ClickException(str(error)) from None
    facts = "without the ledger" if made.position is None else f"up to ledger position {made.position}"
    click.echo(f"{target}: {facts}, {plural(made.file_count, 'file')}, {made.size_bytes / MIB:.1f} MiB")
    click.echo(f"To look whether it is whole: buildledger audit verify --state {target}")
