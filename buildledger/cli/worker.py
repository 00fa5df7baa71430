"""`buildledger worker`: hands its arguments over to the worker's own command line."""

from __future__ import annotations

import sys

import click


@click.command(
    add_help_option=False,
    context_settings={"ignore_unknown_options": True, "allow_interspersed_args": False},
)
@click.argument("arguments", nargs=-1, type=click.UNPROCESSED)
def worker(arguments: tuple[str, ...]) -> None:
    """Run builds for a server."""
    from buildledger.worker.command_line import main

    sys.exit(main(arguments, program="buildledger worker"))
