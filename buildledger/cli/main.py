"""`buildledger`: the group of all commands, each imported only when it is asked for."""

from __future__ import annotations

import importlib
import sys

import click

from buildledger import __version__

COMMANDS = {
    "serve": ("buildledger.cli.serve", "serve"),
    "worker": ("buildledger.cli.worker", "worker"),
    "demo": ("buildledger.cli.demo", "demo"),
    "config": ("buildledger.cli.config", "config"),
    "token": ("buildledger.cli.token", "token"),
    "projections": ("buildledger.cli.projections", "projections"),
    "audit": ("buildledger.cli.audit", "audit"),
}
"""In the order of the help text: name → (module, attribute). Starting one command doesn't load the others."""


class LazyGroup(click.Group):
    """A group that imports a command's module when it is used."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """All names, in the order that helps a newcomer."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command, imported now."""
        if cmd_name not in COMMANDS:
            return None
        module, attribute = COMMANDS[cmd_name]
        command: click.Command = getattr(importlib.import_module(module), attribute)
        return command


@click.group(
    cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"], "auto_envvar_prefix": "BUILDLEDGER"}
)
@click.version_option(__version__, prog_name="buildledger")
def group() -> None:
    """Build Ledger: a CI server that loses nothing and explains everything.

    Try it with `buildledger demo` in a git repository. Every option can also be given as an environment variable:
    BUILDLEDGER_SERVE_STATE for `serve --state`.
    """


def main() -> None:
    """Run the command line; what fails is one readable line."""
    try:
        group(standalone_mode=True)
    except BrokenPipeError:
        sys.exit(1)
