"""`buildledger worker`."""

from __future__ import annotations

import asyncio
import logging
import sys
from pathlib import Path
from typing import Literal

import click

from buildledger.cli.options import LabelType

AS_CONFIGURED = 1_000
"""More than any worker is given: the server's configuration alone decides."""


@click.command()
@click.option(
    "--server", required=True, metavar="HOST:PORT", help="Where the server listens for workers; or unix:PATH."
)
@click.option("--name", required=True, help="The name it is configured under.")
@click.option(
    "--state",
    required=True,
    type=click.Path(file_okay=False, path_type=Path),
    help="Journal, credential and lock; private to this worker.",
)
@click.option(
    "--work",
    type=click.Path(file_okay=False, path_type=Path),
    help="Where build directories lie.  [default: work/ in the state directory]",
)
@click.option("--label", "labels", type=LabelType(), multiple=True, help="Added to the configured ones; repeatable.")
@click.option(
    "--capacity",
    type=click.IntRange(1, AS_CONFIGURED),
    default=AS_CONFIGURED,
    help="Never more builds at the same time than this.  [default: as configured on the server]",
)
@click.option(
    "--spool-bytes",
    type=click.IntRange(min=1 << 20),
    default=1 << 30,
    show_default=True,
    help="Output that may wait on disk for the server; when it is full, steps wait too.",
)
@click.option(
    "--token",
    help="One-use enrollment token, for the first start: see `buildledger token`. Better given in "
    "BUILDLEDGER_WORKER_TOKEN, where not every user of the machine can read it.",
)
@click.option(
    "--enroll-at", metavar="HOST:PORT", help="Where to enroll, if --server lets nobody in without a certificate."
)
@click.option(
    "--ca", type=click.Path(exists=True, dir_okay=False, path_type=Path), help="Issuer of the server's certificate."
)
@click.option("--tls", is_flag=True, help="Use TLS with the issuers that this machine trusts.")
@click.option(
    "--supervisor",
    default="auto",
    show_default=True,
    metavar="auto|none|PATH",
    help="The program bl-run, under which steps go on when this worker is killed or restarted. auto: beside the Python "
    "interpreter, or else on PATH, or else without.",
)
@click.option(
    "--on-crash",
    type=click.Choice(["continue", "kill"]),
    default="continue",
    show_default=True,
    help="What supervised steps do when this worker is killed.",
)
def worker(
    server: str,
    name: str,
    state: Path,
    work: Path | None,
    labels: tuple[tuple[str, str], ...],
    capacity: int,
    spool_bytes: int,
    token: str | None,
    enroll_at: str | None,
    ca: Path | None,
    tls: bool,
    supervisor: str,
    on_crash: Literal["continue", "kill"],
) -> None:
    """Run builds for a server.

    Connections may break and the server may restart: steps go on, and no output is lost. Ctrl-C stops what runs; the
    server tries it again elsewhere.
    """
    from buildledger.worker.main import run_worker
    from buildledger.worker.settings import WorkerSettings

    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    settings = WorkerSettings(
        server=server,
        name=name,
        state_dir=state.resolve(),
        work_dir=(work or state / "work").resolve(),
        labels=dict(labels),
        capacity=capacity,
        spool_bytes=spool_bytes,
        enrollment_token=token,
        enroll_at=enroll_at,
        ca_file=ca,
        tls=tls,
        supervisor=supervisor,
        on_crash=on_crash,
        owns_process=True,
    )
    sys.exit(asyncio.run(run_worker(settings)))
