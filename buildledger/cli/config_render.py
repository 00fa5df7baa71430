"""`buildledger config render`: what a program of the user's prints, checked and handed on."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

import click

from buildledger.child_processes import CannotStartError, Completed, TookTooLongError, run
from buildledger.cli.config_files import NOT_THE_SERVER, text_of
from buildledger.config import limits
from buildledger.config.load import Loader
from buildledger.config.reading.files import from_bytes
from buildledger.worker import main_loop

RENDER_SECONDS = 60.0
"""How long a program may take, unless it is told otherwise."""


@click.command("render", context_settings={"ignore_unknown_options": True, "allow_interspersed_args": False})
@click.argument("program")
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED, metavar="[ARGS]...")
@click.option(
    "--timeout", "seconds", type=click.FloatRange(min=0, min_open=True), default=RENDER_SECONDS, show_default=True,
    metavar="SECONDS", help="After which PROGRAM is killed, with all that it has started.",
)  # fmt: skip
@click.option("--no-secrets", is_flag=True, help=NOT_THE_SERVER)
def render(program: str, arguments: Sequence[str], seconds: float, no_secrets: bool) -> None:
    """Run PROGRAM, check the configuration that it prints, YAML or JSON, and print that.

    Nothing is printed if the program fails, or if there is an error in what it prints. Options stand before PROGRAM.

    \b
      buildledger config render ./generate | buildledger config apply -
    """
    ended, printed = _run([program, *arguments], seconds)
    click.echo(ended.error, err=True, nl=False)
    if ended.exit_code:
        how = f"exit code {ended.exit_code}" if ended.exit_code > 0 else f"signal {-ended.exit_code}"
        raise click.ClickException(f"{program} ended with {how}, so what it printed isn't used")
    loaded = Loader(secrets_required=not no_secrets).resolve(from_bytes(printed, f"<{program}>", Path.cwd()))
    if loaded.problems:
        click.echo(text_of(loaded), err=True)
    if loaded.configuration is None:
        raise click.ClickException(f"what {program} printed is no configuration")
    click.echo(printed, nl=False)


def _run(argv: Sequence[str], seconds: float) -> tuple[Completed, bytes]:
    printed = bytearray()

    async def keep(chunk: bytes) -> None:
        printed.extend(chunk)
        if len(printed) > limits.FILE_BYTES:
            raise click.ClickException(f"{argv[0]} printed more than {limits.FILE_BYTES} bytes, and was killed")

    try:
        ended = main_loop.run(lambda: run(argv, environment=os.environ, limit_seconds=seconds, consume=keep))
    except CannotStartError as error:
        raise click.ClickException(str(error)) from None
    except TookTooLongError as error:
        raise click.ClickException(f"{error}, and was killed: --timeout gives it more time") from None
    return ended, bytes(printed)
