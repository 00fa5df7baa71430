"""`buildledger`: the group of all commands, each imported only when it is asked for."""

from __future__ import annotations

import contextlib
import difflib
import importlib
import os
import sys
from collections.abc import Sequence
from typing import Any

import click

from buildledger import __version__
from buildledger.cli.failures import readable, wants_traceback, was_output
from buildledger.worker import interrupts
from buildledger.worker.standard_streams import open_standard_streams

NOBODY_READS = 141
"""Exit code when whoever read the output has gone, as of programs that SIGPIPE ends; 1 would say something else."""

COMMANDS = {
    "init": "Write a first configuration for the repository you are in.",
    "serve": "Run the server.",
    "sign-in": "Print a link that signs you in to the dashboard.",
    "config": "Check, compare and apply configuration files.",
    "explain": "Say why a commit was built, or not.",
    "requests": "See which builds were asked for and wait, and which got none, and why.",
    "token": "Make a one-use token with which a new worker enrolls.",
    "worker": "Run builds for a server.",
    "workers": "See the workers of a server, and shut one out.",
    "backup": "Copy all that nobody can make again, while the server runs.",
    "audit": "Check that nothing was altered, and look at the past.",
    "projections": "Build the read models again from the facts.",
    "bridge": "Let unchanged Buildbot workers run builds for a server.",
    "conformance": "Test a worker in any language against the protocol.",
    "demo": "Start a server and a worker that build this clone of Build Ledger, or what --config says.",
}
"""Name → what it is for, in the order in which people need them. Each is the attribute of its name in the module of its
name beside this one, `_` for `-`."""


class LazyGroup(click.Group):
    """A group that imports a command's module when it is used, so that starting one doesn't load the others."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """All names, in the order that helps a newcomer."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """The command, imported now."""
        if cmd_name not in COMMANDS:
            return None
        name = cmd_name.replace("-", "_")
        with interrupts.Ending():
            command: click.Command = getattr(importlib.import_module(f"buildledger.cli.{name}"), name)
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """The command that the arguments name; one that isn't there is refused with the one that is most like it."""
        (name, *_) = args
        if name in COMMANDS or name.startswith("-"):
            return super().resolve_command(ctx, args)
        near = difflib.get_close_matches(name, COMMANDS, n=1)
        raise click.UsageError(f"No such command {name!r}." + (f" Did you mean {near[0]!r}?" if near else ""), ctx)

    def main(
        self,
        args: Sequence[str] | None = None,
        prog_name: str | None = None,
        complete_var: str | None = None,
        standalone_mode: bool = True,
        **extra: Any,
    ) -> Any:
        """Run the command line and exit; whatever ends it, help and wrong arguments included, is one readable line."""
        if not standalone_mode:
            return super().main(args, prog_name, complete_var, standalone_mode=False, **extra)
        try:
            with interrupts.Raising():
                code = super().main(args, prog_name, complete_var, standalone_mode=False, **extra)
        except click.Abort:  # which is what an interrupt becomes in click, that has ended the line already
            code = _stopped(before="")
        except KeyboardInterrupt:
            code = _stopped()
        except (click.ClickException, OSError) as error:
            # what was broken off has words of its own for that
            code = _stopped() if interrupts.asked_to_end() else _failed(error)
        sys.exit(code or 0)

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command; whatever ends it is one readable line."""
        try:
            return super().invoke(ctx)
        except (click.ClickException, click.exceptions.Exit, click.Abort):
            raise
        except Exception as error:
            if isinstance(error, BrokenPipeError) and was_output(error):
                _write_nothing_more()
                raise click.exceptions.Exit(NOBODY_READS) from None
            if wants_traceback():
                raise
            raise readable(error) from None

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """The table above, without loading anything."""
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


@click.group(
    cls=LazyGroup, context_settings={"help_option_names": ["-h", "--help"], "auto_envvar_prefix": "BUILDLEDGER"}
)
@click.version_option(__version__, prog_name="buildledger")
def group() -> None:
    """Build Ledger: a CI server that loses nothing and explains everything.

    Begin in a git repository of yours: `buildledger init` writes a configuration, `buildledger serve` builds what is
    committed and says how to sign in. Or watch `buildledger demo` in a clone of Build Ledger.

    Every option can also be given as an environment variable: BUILDLEDGER_SERVE_STATE for `serve --state`. Of
    `worker` only the token can, in BUILDLEDGER_WORKER_TOKEN.

    Exit codes: 0 all is well; 1 it failed, and the last line says why; 2 the arguments are wrong; 130 Ctrl-C ended it
    (143 SIGTERM, 129 SIGHUP). Where others have a meaning, the command's own help says it.
    """


def _stopped(before: str = "\n") -> int:
    interrupts.say(before)
    return interrupts.exit_code()


def _failed(error: click.ClickException | OSError) -> int:
    shown = readable(error) if isinstance(error, OSError) else error
    shown.show()
    return shown.exit_code


def _write_nothing_more() -> None:
    """Whoever read the output has gone: what is still to be written at the end of the process goes nowhere."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(OSError, AttributeError, ValueError):
            os.dup2(nowhere, stream.fileno())


def main() -> None:
    """Run the command line; what fails is one readable line."""
    open_standard_streams()
    group()
