"""`buildledger serve`."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path

import click

from buildledger.cli.failures import first_line
from buildledger.cli.first_notes import first_notes
from buildledger.cli.installation import default_state, found_config
from buildledger.cli.narration import Introduction, Narration
from buildledger.cli.options import AddressType, GivenFile, SizeType, database_option, state_option
from buildledger.cli.server_process import run_as_server
from buildledger.config.init.document import FILE_NAME
from buildledger.settings import Address, AutoTls, Role, ServerSettings, SettingsError, Tls

EPILOG = """\b
Examples:
  In a repository where `buildledger init` was typed:
    buildledger serve
  Where something else has the ports:
    buildledger serve --http 127.0.0.1:8020 --grpc 127.0.0.1:8021
  A server of its own:
    buildledger serve --state /var/lib/buildledger --config ci.yaml

\b
Exit codes: 0 it was told to stop; 1 it couldn't start, or has failed; 2 the arguments are wrong.
"""


@click.command(epilog=EPILOG)
@state_option
@database_option
@click.option(
    "--config",
    type=GivenFile(or_directory=True),
    help="A file, or a directory of files. Applied at the start, on SIGHUP and whenever it changes; a bad one changes"
    f" nothing.  [default: that which was applied last; without --state the {FILE_NAME} here]",
)
@click.option("--http", type=AddressType(), default="127.0.0.1:8010", show_default=True, help="API and dashboard.")
@click.option("--grpc", type=AddressType(), default="127.0.0.1:8011", show_default=True, help="Workers.")
@click.option("--grpc-cert", type=GivenFile(), help="PEM certificate for workers.")
@click.option("--grpc-key", type=GivenFile(), help="Its key.")
@click.option(
    "--grpc-tls",
    type=click.Choice(["auto"]),
    help="The server certifies itself, and enrollment tokens say whom to trust; instead of --grpc-cert.",
)
@click.option(
    "--grpc-name",
    "grpc_names",
    multiple=True,
    help="With --grpc-tls auto: a host name or address that workers reach it under; repeatable.",
)
@click.option(
    "--grpc-mtls", type=AddressType(), help="Workers that show their client certificate; nobody else gets in there."
)
@click.option(
    "--worker-ca-cert",
    type=GivenFile(),
    help="PEM certificate of the authority that certifies workers.  [default: one of the server's own]",
)
@click.option("--worker-ca-key", type=GivenFile(), help="Its key.")
@click.option(
    "--credential-life",
    "credential_seconds",
    type=click.FloatRange(min=1),
    default=86_400.0,
    show_default=True,
    metavar="SECONDS",
    help="How long a worker's credential lasts; workers renew it at half of that.",
)
@click.option(
    "--unknown-workers",
    type=click.Choice(["refuse", "admit"]),
    default="refuse",
    show_default=True,
    help="What becomes of workers that the configuration doesn't name.",
)
@click.option(
    "--roles",
    default=",".join(Role),
    show_default=True,
    help="What this process does; several processes may share one PostgreSQL.",
)
@click.option(
    "--peer",
    type=AddressType(),
    help="Where the other servers of the database fetch logs and artifacts from; not needed on one machine.",
)
@click.option("--peer-address", type=AddressType(), help="How they reach it.  [default: --peer, or the machine's name]")
@click.option(
    "--lease",
    "lease_seconds",
    type=click.FloatRange(min=1),
    default=90.0,
    show_default=True,
    metavar="SECONDS",
    help="After so long without its worker a build is tried elsewhere.",
)
@click.option(
    "--artifact-file",
    type=SizeType(),
    default="16GiB",
    show_default=True,
    metavar="SIZE",
    help="The largest file that a build may leave.",
)
@click.option(
    "--artifact-build",
    type=SizeType(),
    default="64GiB",
    show_default=True,
    metavar="SIZE",
    help="What the artifacts of one build may take together.",
)
@click.option(
    "--artifact-total",
    type=SizeType(),
    metavar="SIZE",
    help="What all artifacts may take; before they do, the oldest go.  [default: what the disk holds]",
)
@click.option(
    "--artifact-days",
    type=click.FloatRange(min=0, min_open=True),
    metavar="DAYS",
    help="After so long an artifact goes.  [default: never]",
)
@click.option(
    "--accept-damage",
    is_flag=True,
    help="Start although what is stored contradicts itself; it is logged, and `audit verify` goes on naming it.",
)
@click.option(
    "--restored",
    is_flag=True,
    help="The ledger was restored from a backup: let workers in that remember what happened after it. They are refused"
    " otherwise, so that a server that went back by mistake commands nobody.",
)
def serve(
    state: Path,
    database: str | None,
    config: Path | None,
    http: Address,
    grpc: Address,
    grpc_cert: Path | None,
    grpc_key: Path | None,
    grpc_tls: str | None,
    grpc_names: tuple[str, ...],
    grpc_mtls: Address | None,
    worker_ca_cert: Path | None,
    worker_ca_key: Path | None,
    credential_seconds: float,
    unknown_workers: str,
    roles: str,
    peer: Address | None,
    peer_address: Address | None,
    lease_seconds: float,
    artifact_file: int,
    artifact_build: int,
    artifact_total: int | None,
    artifact_days: float | None,
    accept_damage: bool,
    restored: bool,
) -> None:
    """Run the server: API, dashboard, worker gateway, pollers, reactors and read models.

    Without options it takes up the configuration file of the repository you are in, which `buildledger init` writes,
    and tells of each build. It says how to sign in.

    SIGTERM and Ctrl-C stop it in good order, within a minute; steps go on meanwhile and are picked up at the
    next start.
    """
    from buildledger.audit.start_check import DamagedError
    from buildledger.composition import run_server
    from buildledger.config.problems.problem import ConfigErrors
    from buildledger.config.problems.report import problems_text
    from buildledger.ledger.errors import LedgerFormatError, LedgerUnavailable, StoreError
    from buildledger.ledger.signing import HeadSignatureError
    from buildledger.logs.store import LogStoreError

    found = found_config() if config is None and state == default_state() else None
    config = config or found
    settings = ServerSettings(
        state=state,
        config=config,
        database=database,
        http=http,
        grpc=grpc,
        grpc_tls=_tls(grpc_tls, grpc_names, grpc_cert, grpc_key),
        grpc_mtls=grpc_mtls,
        worker_ca=_files("--worker-ca", worker_ca_cert, worker_ca_key),
        credential_seconds=credential_seconds,
        unknown_workers=unknown_workers == "admit",
        roles=_roles(roles),
        peer=peer,
        peer_address=peer_address,
        lease_seconds=lease_seconds,
        artifact_file_bytes=artifact_file,
        artifact_build_bytes=artifact_build,
        artifact_total_bytes=artifact_total,
        artifact_days=artifact_days,
        accept_damage=accept_damage,
        restored=restored,
    )
    try:
        settings.check()
        narration = _narration(state, config, found)
        run_as_server(lambda: run_server(settings, narration))
    except ConfigErrors as errors:
        raise click.ClickException("\n" + problems_text(errors.problems, texts=errors.texts)) from None
    except (SettingsError, LedgerFormatError, DamagedError, HeadSignatureError, LogStoreError) as error:
        raise click.ClickException(str(error)) from None
    except (StoreError, LedgerUnavailable) as error:
        where = state if database is None else "the database"
        raise click.ClickException(f"what is stored in {where} can't be opened: {first_line(error)}") from None
    except OSError as error:
        raise click.ClickException(f"{error.filename or state}: {error.strerror or error}") from None


def _narration(state: Path, config: Path | None, found: Path | None) -> Narration:
    """In a repository of somebody's own they are told what becomes of their commits, too."""
    introduction = Introduction(
        state=state,
        state_option="" if state == default_state() else f" --state {shlex.quote(str(state))}",
        config=found,
        to_a_person=sys.stdout.isatty(),
        notes=first_notes(state, config, found),
    )
    return Narration(introduction, click.echo, follows_builds=found is not None)


def _tls(mode: str | None, names: tuple[str, ...], certificate: Path | None, key: Path | None) -> Tls | AutoTls | None:
    files = _files("--grpc", certificate, key)
    if mode is None:
        if names:
            raise click.UsageError("--grpc-name goes with --grpc-tls auto")
        return files
    if files is not None:
        raise click.UsageError("--grpc-tls auto makes a certificate: leave --grpc-cert and --grpc-key out")
    return AutoTls(names=names)


def _files(option: str, certificate: Path | None, key: Path | None) -> Tls | None:
    if certificate is None or key is None:
        if certificate is not key:
            raise click.UsageError(f"{option}-cert and {option}-key go together")
        return None
    return Tls(certificate=certificate, key=key)


def _roles(text: str) -> frozenset[Role]:
    names = [name.strip() for name in text.split(",") if name.strip()]
    unknown = [name for name in names if name not in set(Role)]
    if unknown or not names:
        raise click.UsageError(f"--roles takes {', '.join(Role)}; not {', '.join(unknown) or 'nothing'}")
    return frozenset(Role(name) for name in names)
