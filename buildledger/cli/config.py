"""`buildledger config`: check, schema, diff, apply, show."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from pathlib import Path

import click

from buildledger import __version__
from buildledger.cli.options import state_option
from buildledger.config import report
from buildledger.config.diff import Diff, ExitCode, diff
from buildledger.config.load import check, load
from buildledger.config.plan import plan_text
from buildledger.config.problems import ConfigErrors, Problem
from buildledger.config.reference import reference
from buildledger.config.resolved import Configuration
from buildledger.config.schema import schema
from buildledger.config.stored import read_configuration
from buildledger.events.stored_format import UnreadableTextError

FILE = click.Path(dir_okay=False, path_type=Path)
NOT_THE_SERVER = "This machine isn't the server: don't look whether the secrets are there."


@click.group()
def config() -> None:
    """Check, compare and apply configuration files."""


@config.command("check")
@click.argument("file", type=FILE)
@click.option("--sarif", is_flag=True, help="Print SARIF 2.1.0 for editors and code hosts.")
@click.option("--no-secrets", is_flag=True, help=NOT_THE_SERVER)
def check_file(file: Path, sarif: bool, no_secrets: bool) -> None:
    """Say everything that is wrong with FILE, with line and column. Needs no server."""
    problems = check(file, secrets_required=not no_secrets)
    if sarif:
        click.echo(report.sarif(problems, __version__))
    elif problems:
        click.echo(_text(problems, file), err=True)
    else:
        click.echo(f"{file}: no problems")
    sys.exit(any(problem.severity == "error" for problem in problems))


@config.command("schema")
@click.option("--markdown", is_flag=True, help="Print it as the manual's page of all keys, for people.")
def print_schema(markdown: bool) -> None:
    """Print the JSON Schema of the file format, for editors."""
    click.echo(reference() if markdown else json.dumps(schema(), indent=2), nl=not markdown)


@config.command("diff")
@click.argument("file", type=FILE)
@click.option("--against", type=FILE, help="Another file.  [default: what the server has in force]")
@click.option("--no-secrets", is_flag=True, help=NOT_THE_SERVER)
@state_option
def diff_files(file: Path, against: Path | None, no_secrets: bool, state: Path) -> None:
    """Say what FILE would create, change and remove.

    Exit code 0: nothing; 2: something; 1: FILE has errors.
    """
    wanted = _load(file, no_secrets)
    current = _load(against, no_secrets) if against else _in_force(state)[0]
    difference = diff(current, wanted)
    click.echo(plan_text(difference, colour=sys.stdout.isatty()))
    sys.exit(difference.exit_code)


@config.command("apply")
@click.argument("file", type=FILE)
@click.option("--expect", type=click.IntRange(min=0), metavar="REVISION", help="Refuse unless this one is in force.")
@state_option
def apply_file(file: Path, expect: int | None, state: Path) -> None:
    """Make FILE the configuration in force, whole or not at all. Running builds keep the one they began with."""
    from buildledger.cli.client import Client

    wanted = _load(file, no_secrets=False)
    current, revision = _in_force(state)
    difference: Diff = diff(current, wanted)
    if difference.exit_code is ExitCode.NOTHING:
        click.echo(f"revision {revision} says the same already")
        return
    click.echo(plan_text(difference, colour=sys.stdout.isatty()))
    body = {
        "text": wanted.to_json(),
        "origin": str(file.resolve()),
        "expected_revision": revision if expect is None else expect,
    }
    receipt = Client(state).post("/config", body)
    click.echo(f"applied: ledger position {receipt['position']}")


@config.command("show")
@state_option
def show(state: Path) -> None:
    """Print the configuration in force, resolved, as JSON."""
    from buildledger.cli.client import Client

    answer = Client(state).find("/config")
    if answer is None:
        raise click.ClickException("no configuration has been applied")
    click.echo(json.dumps(answer["configuration"], indent=2))


def _load(file: Path, no_secrets: bool) -> Configuration:
    try:
        return load(file, secrets_required=not no_secrets)
    except ConfigErrors as errors:
        raise click.ClickException("\n" + _text(errors.problems, file)) from None


def _text(problems: Sequence[Problem], file: Path) -> str:
    source = file.read_text(errors="replace") if file.is_file() else None
    return report.problems_text(problems, source=source, colour=sys.stderr.isatty())


def _in_force(state: Path) -> tuple[Configuration | None, int]:
    """The configuration in force and its revision; (None, 0) before the first, no configuration if it can't be read."""
    from buildledger.cli.client import Client

    answer = Client(state).find("/config")
    if answer is None:
        return None, 0
    revision = int(answer["revision"]["revision"])
    try:
        return read_configuration(json.dumps(answer["configuration"])), revision
    except UnreadableTextError as error:
        click.echo(f"revision {revision} is compared as if it were empty: {error}", err=True)
        return None, revision
