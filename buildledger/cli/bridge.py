"""`buildledger bridge`."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from buildledger.cli.options import AddressType, GivenFile
from buildledger.settings import Address
from buildledger.worker.main_loop import run

_FILE = GivenFile()


def _print_hash(context: click.Context, _parameter: click.Parameter, wanted: bool) -> None:
    """`--hash-password` does only that."""
    if not wanted or context.resilient_parsing:
        return
    from buildledger.bridge.accounts import hash_password

    if sys.stdin.isatty():
        password = click.prompt("Password", hide_input=True, confirmation_prompt=True, err=True)
    else:
        password = sys.stdin.readline().removesuffix("\n")
    if not password:
        raise click.UsageError("there is no password to hash")
    click.echo(hash_password(password))
    context.exit()


@click.command()
@click.option("--server", required=True, type=AddressType(), help="Where the server listens for workers.")
@click.option(
    "--listen",
    type=AddressType(),
    default="127.0.0.1:9989",
    show_default=True,
    help="Where Buildbot workers connect to.",
)
@click.option(
    "--state",
    required=True,
    type=click.Path(file_okay=False, path_type=Path),
    help="Journals and credentials of the attached workers; private to this bridge.",
)
@click.option("--workers", "workers_file", required=True, type=_FILE, help="YAML file of names and passwords.")
@click.option("--ca", type=_FILE, help="Issuer of the server's certificate.")
@click.option("--tls", is_flag=True, help="Connect to the server by TLS, with the issuers that this machine trusts.")
@click.option("--cert", type=_FILE, help="PEM certificate for the machines that connect.")
@click.option("--key", type=_FILE, help="Its key.")
@click.option(
    "--allow-plain", is_flag=True, help="Listen on a network without a certificate: passwords cross it in clear."
)
@click.option("--api", metavar="URL", help="The server's API; with --admin-token, workers are enrolled by themselves.")
@click.option(
    "--admin-token",
    type=click.Path(dir_okay=False, path_type=Path),
    help="File with the token of an administrator, read when it is needed.",
)
@click.option(
    "--spool-bytes",
    type=click.IntRange(min=1 << 20),
    default=1 << 30,
    show_default=True,
    help="Output of one worker that may wait on disk for the server.",
)
@click.option(
    "--hash-password",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=_print_hash,
    help="Read a password from standard input, print what belongs into the file of workers, and do nothing else.",
)
def bridge(
    server: Address,
    listen: Address,
    state: Path,
    workers_file: Path,
    ca: Path | None,
    tls: bool,
    cert: Path | None,
    key: Path | None,
    allow_plain: bool,
    api: str | None,
    admin_token: Path | None,
    spool_bytes: int,
) -> None:
    """Let unchanged Buildbot workers run builds for a server.

    Workers of Buildbot 4.3 that were created with --protocol=msgpack_experimental_v7 connect to it as to their master.
    A step doesn't outlive its connection, as on Buildbot: it is shown as interrupted, and the build is tried again.
    """
    from buildledger.bridge.bridge import run_bridge
    from buildledger.bridge.log_context import log_worker_names
    from buildledger.bridge.settings import BridgeError, BridgeSettings

    log_worker_names()
    settings = BridgeSettings(
        server=str(server),
        listen_host=listen.host,
        listen_port=listen.port,
        state_dir=state,
        workers_file=workers_file,
        ca_file=ca,
        tls=tls,
        certificate=cert,
        key=key,
        allow_plain=allow_plain,
        api=api,
        admin_token_file=admin_token,
        spool_bytes=spool_bytes,
    )
    try:
        run(lambda: run_bridge(settings, announce=click.echo))
    except BridgeError as error:
        raise click.ClickException(str(error)) from None
