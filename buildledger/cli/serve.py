"""`buildledger serve`."""

from __future__ import annotations

import asyncio
from pathlib import Path

import click

from buildledger.cli.options import AddressType, database_option, state_option
from buildledger.settings import Address, Role, ServerSettings, SettingsError, Tls


@click.command()
@state_option
@database_option
@click.option(
    "--config",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    help="Applied at the start, on SIGHUP and whenever it changes; a bad file changes nothing.",
)
@click.option("--http", type=AddressType(), default="127.0.0.1:8010", show_default=True, help="API and dashboard.")
@click.option("--grpc", type=AddressType(), default="127.0.0.1:8011", show_default=True, help="Workers.")
@click.option(
    "--grpc-cert", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="PEM certificate for workers."
)
@click.option("--grpc-key", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="Its key.")
@click.option(
    "--roles",
    default=",".join(Role),
    show_default=True,
    help="What this process does; several processes may share one PostgreSQL.",
)
@click.option(
    "--lease",
    "lease_seconds",
    type=click.FloatRange(min=1),
    default=90.0,
    show_default=True,
    metavar="SECONDS",
    help="After so long without its worker a build is tried elsewhere.",
)
def serve(
    state: Path,
    database: str | None,
    config: Path | None,
    http: Address,
    grpc: Address,
    grpc_cert: Path | None,
    grpc_key: Path | None,
    roles: str,
    lease_seconds: float,
) -> None:
    """Run the server: API, dashboard, worker gateway, pollers, reactors and read models.

    SIGTERM and Ctrl-C stop it in good order; steps go on meanwhile and are picked up at the next start.
    """
    from buildledger.composition import run_server
    from buildledger.config.problems import ConfigErrors
    from buildledger.config.report import problems_text
    from buildledger.ledger.errors import LedgerFormatError, StoreError

    if (grpc_cert is None) != (grpc_key is None):
        raise click.UsageError("--grpc-cert and --grpc-key go together")
    settings = ServerSettings(
        state=state,
        config=config,
        database=database,
        http=http,
        grpc=grpc,
        grpc_tls=Tls(certificate=grpc_cert, key=grpc_key) if grpc_cert and grpc_key else None,
        roles=_roles(roles),
        lease_seconds=lease_seconds,
    )
    try:
        settings.check()
        asyncio.run(run_server(settings, announce=click.echo))
    except ConfigErrors as errors:
        source = config.read_text(errors="replace") if config else None
        raise click.ClickException("\n" + problems_text(errors.problems, source=source)) from None
    except (SettingsError, LedgerFormatError, StoreError) as error:
        raise click.ClickException(str(error)) from None
    except OSError as error:
        raise click.ClickException(f"{error.filename or state}: {error.strerror or error}") from None


def _roles(text: str) -> frozenset[Role]:
    names = [name.strip() for name in text.split(",") if name.strip()]
    unknown = [name for name in names if name not in set(Role)]
    if unknown or not names:
        raise click.UsageError(f"--roles takes {', '.join(Role)}; not {', '.join(unknown) or 'nothing'}")
    return frozenset(Role(name) for name in names)
