"""`python -m buildledger.worker`: the worker without the rest of Build Ledger."""

import argparse
import asyncio
import logging
import os
import sys
from pathlib import Path

from buildledger.worker.main import run_worker
from buildledger.worker.settings import DEFAULT_SPOOL_BYTES, WorkerSettings


def main() -> int:
    """Read the command line and be a worker."""
    parser = argparse.ArgumentParser(prog="buildledger-worker", description="A worker of a Build Ledger server.")
    parser.add_argument("--server", required=True, metavar="HOST:PORT")
    parser.add_argument("--name", required=True, help="what the server knows this worker by")
    parser.add_argument("--state", required=True, type=Path, metavar="DIR", help="journal and credential")
    parser.add_argument("--work", required=True, type=Path, metavar="DIR", help="build directories")
    parser.add_argument("--label", action="append", default=[], metavar="KEY=VALUE", type=_label)
    parser.add_argument("--capacity", type=int, default=1, metavar="N", help="runs at once (default 1)")
    parser.add_argument("--ca-file", type=Path, metavar="PEM", help="the server's issuer; turns TLS on")
    parser.add_argument("--tls", action="store_true", help="TLS with the issuers this system trusts")
    parser.add_argument("--enroll-at", metavar="HOST:PORT", help="where to enroll, if not at --server")
    parser.add_argument("--spool-bytes", type=int, default=DEFAULT_SPOOL_BYTES, metavar="N")
    parser.add_argument("--cgroup", type=Path, metavar="DIR", help="a delegated cgroup v2 directory")
    parser.add_argument(
        "--supervisor",
        default="auto",
        metavar="auto|none|PATH",
        help="the program bl-run, under which steps go on when the worker is killed; auto looks for it beside the "
        "Python interpreter and on PATH (default auto)",
    )
    parser.add_argument(
        "--on-crash",
        choices=("continue", "kill"),
        default="continue",
        help="what supervised steps do when the worker is killed (default continue)",
    )
    arguments = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    settings = WorkerSettings(
        server=arguments.server,
        name=arguments.name,
        state_dir=arguments.state.resolve(),
        work_dir=arguments.work.resolve(),
        labels=dict(arguments.label),
        capacity=arguments.capacity,
        # Not on the command line, where every user of the machine could read it.
        enrollment_token=os.environ.get("BUILDLEDGER_ENROLLMENT_TOKEN"),
        enroll_at=arguments.enroll_at,
        ca_file=arguments.ca_file,
        tls=arguments.tls,
        spool_bytes=arguments.spool_bytes,
        cgroup=arguments.cgroup,
        supervisor=arguments.supervisor,
        on_crash=arguments.on_crash,
        owns_process=True,
    )
    return asyncio.run(run_worker(settings))


def _label(text: str) -> tuple[str, str]:
    key, separator, value = text.partition("=")
    if not key or not separator:
        raise argparse.ArgumentTypeError(f"{text!r} isn't KEY=VALUE")
    return key, value


if __name__ == "__main__":
    sys.exit(main())
