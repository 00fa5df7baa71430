"""`buildledger demo`."""

from __future__ import annotations

import shutil
import socket
import sys
from pathlib import Path

import click

from buildledger.cli.client import Client
from buildledger.cli.options import AddressType, GivenFile
from buildledger.cli.stack import Stack
from buildledger.cli.summary import FirstBuild, summary
from buildledger.settings import Address
from buildledger.worker import interrupts

SELF = Path("examples/self.yaml")
OWN_TRY = "commit something to this clone, or break a test under tests/domain and commit that"


@click.command()
@click.option("--once", is_flag=True, help="Stop after one finished build; exit 0 only if it succeeded.")
@click.option(
    "--config",
    type=GivenFile(),
    help="What to build, on one worker named 'local'.  [default: examples/self.yaml of this clone]",
)
@click.option(
    "--state",
    type=click.Path(file_okay=False, path_type=Path),
    help="Where everything is kept.  [default: var/demo, or var/demo-once with --once, which is emptied first]",
)
@click.option("--http", type=AddressType(), help="API and dashboard.  [default: 127.0.0.1:8010, or a free port]")
@click.option("--grpc", type=AddressType(), help="The worker's.  [default: 127.0.0.1:8011, or a free port]")
def demo(once: bool, config: Path | None, state: Path | None, http: Address | None, grpc: Address | None) -> None:
    """Start a server and a worker that build the clone of Build Ledger you are in, or what --config FILE says.

    Commit something to it and watch; break something; kill -9 the server in the middle of a step: it is started again
    and the step goes on.

    Ctrl-C and SIGTERM stop both in good order; once more, and they are killed.
    """
    own = config is None
    config = config or _own_config()
    state = state or Path("var/demo-once" if once else "var/demo")
    if once:
        shutil.rmtree(state, ignore_errors=True)
    advice = OWN_TRY if own else f"commit something to a source of {config}"
    stack = Stack(state, config, http or _free(8010), grpc or _free(8011))
    with interrupts.Held(patience_seconds=None) as held:  # what was started is stopped, however often somebody asks
        try:
            with interrupts.Raising():
                client = stack.start()
                succeeded = _once(stack, client, config) if once else _stay(stack, client, advice)
        except KeyboardInterrupt:
            click.echo("\nStopping; steps that run are stopped and tried again at the next start.")
            succeeded = True
        finally:
            stack.stop(at_once=lambda: held.count > 0)
    sys.exit(not succeeded)


def _once(stack: Stack, client: Client, config: Path) -> bool:
    """Wait for one build, telling what happens; whether it succeeded."""
    click.echo(f"A server and a worker build what {config} says. Waiting for the first build …")
    first = FirstBuild(client, click.echo)
    stack.watch(until=first.finished)
    click.echo("\n" + summary(client, first.build_id))
    return first.succeeded


def _stay(stack: Stack, client: Client, advice: str) -> bool:
    token = client.token
    click.echo(
        f"""
  Dashboard   {client.url}/#token={token}
  Server      process {stack.server_pid}: kill -9 it in the middle of a step; it is started again and the step goes on
  Worker      process {stack.worker_pid}
  Try         {advice}
  Stop        Ctrl-C
"""
    )
    stack.watch()
    return True


def _own_config() -> Path:
    if SELF.is_file():
        return SELF
    raise click.ClickException(f"{SELF} isn't here: run this in a clone of Build Ledger, or give --config FILE")


def _free(port: int) -> Address:
    """The usual port, or any free one when somebody has it."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            probe.bind(("127.0.0.1", 0))
        taken: int = probe.getsockname()[1]
    return Address(host="127.0.0.1", port=taken)
