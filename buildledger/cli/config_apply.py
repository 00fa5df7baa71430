"""`buildledger config diff`, `apply` and `rollback`: what would change, and making it so."""

from __future__ import annotations

import json
import shlex
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import click
import msgspec

from buildledger.cli.answers import RefusedError
from buildledger.cli.client import Client
from buildledger.cli.config_files import FILE, NOT_THE_SERVER, STANDARD_INPUT, load_file, origin_of, strict_option
from buildledger.cli.config_history import REVISION, stored_configuration
from buildledger.cli.installation import default_state
from buildledger.cli.options import json_option, state_option
from buildledger.config.plan.diff import ExitCode, diff
from buildledger.config.plan.plan import coloured, plan_text
from buildledger.config.reading.given_files import whereabouts
from buildledger.config.resolved import Configuration

MOVED = 3
"""Exit code when another configuration is in force than the one that was looked at."""
MOVED_CODES = frozenset({"config_revision", "config_replaced"})

expect_option = click.option(
    "--expect",
    type=click.IntRange(min=0),
    metavar="REVISION",
    help="Refuse unless this one is in force.  [default: the one that the plan is against]",
)
message_option = click.option(
    "-m", "--message", default="", metavar="TEXT", help="Why; it is shown in the history with who and when."
)


class MovedError(click.ClickException):
    """Somebody else was quicker."""

    exit_code = MOVED


class FileOrRevision(click.ParamType[Path | int]):
    """A file, or a revision by its number; a file whose name is a number is written `./7`."""

    name = "file or revision"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Path | int:
        """See `click.ParamType`."""
        if isinstance(value, Path | int):
            return value
        if value.isascii() and value.isdecimal():
            number: int = REVISION.convert(value, param, ctx)
            return number
        path: Path = FILE.convert(value, param, ctx)
        return path


@click.command("diff")
@click.argument("file", type=FILE, required=False)
@click.option("--revision", type=REVISION, help="Compare an earlier revision instead of a file.")
@click.option(
    "--against", type=FileOrRevision(), help="Another file or revision.  [default: what the server has in force]"
)
@click.option("--no-secrets", is_flag=True, help=NOT_THE_SERVER)
@json_option
@state_option
def diff_configurations(
    file: Path | None, revision: int | None, against: Path | int | None, no_secrets: bool, as_json: bool, state: Path
) -> None:
    """Say what FILE would create, change and remove, and what happens at once to requests, builds and workers.

    Exit code 0: nothing; 2: something; 1: FILE has errors, or the server can't be asked.
    """
    if (file is None) == (revision is None):
        raise click.UsageError("Give a FILE or --revision, one of them.")
    if file is not None and file == against == STANDARD_INPUT:
        raise click.UsageError("Standard input can be read once: on one of the sides give a file or a revision.")
    if file is not None and file.name.isdecimal() and not file.exists():
        raise click.UsageError(f"There is no file {file}. An earlier revision is compared by `--revision {file}`.")
    if against is not None:
        sides = [
            load_file(side, no_secrets=no_secrets) if isinstance(side, Path) else stored_configuration(state, side)
            for side in (against, file or revision or 0)
        ]
        sys.exit(_compare(*sides, as_json=as_json))
    answer = _plan_of(state, revision or load_file(file or Path(), no_secrets=no_secrets), as_json=as_json)
    if as_json:
        click.echo(json.dumps(answer, indent=2))
    else:
        _show(answer)
        if answer["changes"]:
            how = ["rollback", str(revision)] if revision else ["apply", str(file)]
            before = answer["compared_with"]
            click.echo(f"compared with revision {before}, as in" if before else "it comes into force with")
            click.echo(f"  {_command(*how, '--expect', str(answer['compared_with']), state=state)}")
    sys.exit(ExitCode.CHANGES if answer["changes"] else ExitCode.NOTHING)


@click.command("apply")
@click.argument("file", type=FILE)
@expect_option
@message_option
@strict_option
@state_option
def apply_file(file: Path, expect: int | None, message: str, strict: bool, state: Path) -> None:
    """Make FILE the configuration in force, whole or not at all. Running builds keep the one they began with.

    What it changes is shown first; `config diff` shows it without applying anything. If somebody else has applied
    another one meanwhile, nothing is changed, it says who, and the exit code is 3.
    """
    wanted = load_file(file, strict=strict)
    plan = _plan_of(state, wanted)
    body = {"text": wanted.to_json(), "origin": origin_of(file), "message": message}
    _put_in_force(state, plan, "/config", body, expect, look=["diff", str(file)])


@click.command("rollback")
@click.argument("revision", type=REVISION)
@expect_option
@message_option
@state_option
def roll_back(revision: int, expect: int | None, message: str, state: Path) -> None:
    """Put the content of an earlier REVISION in force again, as a new revision. `config history` lists them.

    It is refused if it can't be used any more: a secret that it names is gone, or its format is unknown.
    """
    plan = _plan_of(state, revision)
    _put_in_force(
        state,
        plan,
        "/config/rollback",
        {"revision": revision, "message": message},
        expect,
        look=["diff", "--revision", str(revision)],
    )


def _command(*words: str, state: Path) -> str:
    """A command as it can be typed, with the state directory unless it is the usual one."""
    where = () if state == default_state() else ("--state", str(state))
    return shlex.join(["buildledger", "config", *words, *where])


def _put_in_force(
    state: Path, plan: dict[str, Any], path: str, body: dict[str, Any], expect: int | None, *, look: Sequence[str]
) -> None:
    """`look` is the command, after `config`, that shows what it would change now."""
    looked_at = plan["compared_with"]
    if not plan["changes"]:
        click.echo(f"revision {looked_at} says the same already: nothing to apply")
        return
    _show(plan)
    if plan["hindrances"]:
        sys.exit(1)
    try:
        receipt = Client(state).post(path, body | {"expected_revision": looked_at if expect is None else expect})
    except RefusedError as refused:
        if refused.code in MOVED_CODES:
            again = _command(*look, state=state)
            raise MovedError(f"nothing was applied: {refused.message}:\n  {again}") from None
        raise
    click.echo(f"applied as revision {looked_at + 1}: ledger position {receipt['position']}")
    watched = plan["watched_file"]
    if watched is not None and body.get("origin") != str(whereabouts(Path(watched))):
        click.echo(f"the server watches {watched}, which comes into force again when it changes, or at the next start")


def _plan_of(state: Path, wanted: Configuration | int, *, as_json: bool = False) -> dict[str, Any]:
    """What the server says that a configuration, or an earlier revision, would change."""
    client = Client(state)
    entries = str(as_json).lower()
    if isinstance(wanted, int):
        return client.get(f"/config/revisions/{wanted}/plan", entries=entries)
    return client.post("/config/plan", {"text": wanted.to_json()}, entries=entries)


def _show(plan: dict[str, Any]) -> None:
    if plan["note"]:
        click.echo(plan["note"], err=True)
    _echo(plan["text"])
    if plan["effects"]:
        click.echo("at once:")
        click.echo("\n".join(f"  {line}" for line in plan["effects"]))
    if plan["hindrances"]:
        click.echo("Error: the server can't put it in force:", err=True)
        click.echo("\n".join(f"  {line}" for line in plan["hindrances"]), err=True)


def _compare(old: Configuration, new: Configuration, *, as_json: bool) -> ExitCode:
    difference = diff(old, new)
    if as_json:
        answer = {"changes": bool(difference), "entries": msgspec.to_builtins(difference.entries)}
        click.echo(json.dumps(answer, indent=2))
    else:
        _echo(plan_text(difference).splitlines())
    return difference.exit_code


def _echo(text: Sequence[str]) -> None:
    click.echo(coloured(text) if sys.stdout.isatty() else "\n".join(text))
