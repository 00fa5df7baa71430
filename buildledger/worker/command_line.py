"""The worker's command line; the workers in Go and TypeScript have the same one."""

import argparse
import logging
import os
import re
import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from buildledger import __version__
from buildledger.worker import interrupts
from buildledger.worker.main import run_worker
from buildledger.worker.main_loop import run
from buildledger.worker.settings import DEFAULT_SPOOL_BYTES, WorkerSettings
from buildledger.worker.standard_streams import open_standard_streams

PROGRAM = "buildledger-worker"
TOKEN_VARIABLE = "BUILDLEDGER_WORKER_TOKEN"  # noqa: S105 - the name of a variable
"""Takes the enrollment token where other users of the machine can't read it."""
EXIT_FAILED = 1
AS_CONFIGURED = 1_000
"""More runs at once than any worker is given: the server's configuration alone decides."""
LEAST_SPOOL_BYTES = 1 << 20
DEFAULT_KEEP_DAYS = 30
SECONDS_OF_A_DAY = 86_400.0

_ADDRESS = re.compile(r"unix:.+|(\[[0-9A-Fa-f:.]+\]|[^\s:\[\]]+):(?P<port>\d{1,5})")
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")

_DESCRIPTION = (
    "Runs builds for a Build Ledger server. Connections may break and the server may restart: steps go on, and no "
    "output is lost. SIGTERM or Ctrl-C stops what runs, and the server tries it again elsewhere; SIGHUP lets it finish "
    "first."
)


def main(arguments: Sequence[str] | None = None, program: str = PROGRAM) -> int:
    """Be the worker that the command line describes, and return the exit code; ends the process for a wrong one."""
    open_standard_streams()
    settings = parse(arguments, os.environ, program)
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    try:
        return run(lambda: run_worker(settings))
    except OSError as error:
        sys.stderr.write(f"{program}: {error.filename or settings.state_dir}: {error.strerror or error}\n")
        return EXIT_FAILED
    except KeyboardInterrupt:  # before it listens to signals
        interrupts.say()
        return interrupts.exit_code()


def parse(arguments: Sequence[str] | None, environment: Mapping[str, str], program: str = PROGRAM) -> WorkerSettings:
    """The settings that a command line and the environment describe, with absolute paths.

    Raises:
        SystemExit: the command line makes no sense (exit code 2), or was a question that is answered (0).
    """
    given = parser(program).parse_args(arguments)
    state: Path = given.state
    return WorkerSettings(
        server=given.server,
        name=given.name,
        state_dir=state.resolve(),
        work_dir=(given.work or state / "work").resolve(),
        labels=dict(given.label),
        capacity=given.capacity,
        enrollment_token=given.token or environment.get(TOKEN_VARIABLE) or None,
        enroll_at=given.enroll_at,
        ca_file=given.ca,
        tls=given.tls,
        spool_bytes=given.spool_bytes,
        supervisor=given.supervisor,
        on_crash=given.on_crash,
        cgroup=given.cgroup,
        keep_seconds=given.keep_days * SECONDS_OF_A_DAY,
        owns_process=True,
    )


def parser(program: str = PROGRAM) -> argparse.ArgumentParser:
    """All options; whatever is added here belongs into the workers in Go and TypeScript, too."""
    options = argparse.ArgumentParser(prog=program, description=_DESCRIPTION, allow_abbrev=False, formatter_class=_Help)
    add = options.add_argument
    add(
        "--server",
        required=True,
        type=_address,
        metavar="HOST:PORT",
        help="where the server listens for workers; or unix:PATH, a socket that leads there",
    )
    add("--name", required=True, type=_name, help="the name this worker is configured under")
    add(
        "--state",
        required=True,
        type=Path,
        metavar="DIR",
        help="journal, credential and lock; private to this worker",
    )
    add(
        "--work",
        type=Path,
        metavar="DIR",
        help="where build directories lie (default: work/ in the state directory)",
    )
    add(
        "--keep-days",
        type=_days,
        default=DEFAULT_KEEP_DAYS,
        metavar="N",
        help="build directories that no build has used for so many days are removed; 0: never (default: 30)",
    )
    add(
        "--label",
        action="append",
        default=[],
        type=_label,
        metavar="KEY=VALUE",
        help="what this worker can be chosen by; repeatable",
    )
    add(
        "--capacity",
        type=_capacity,
        default=AS_CONFIGURED,
        metavar="N",
        help="never more builds at the same time than this (default: as configured on the server)",
    )
    _add_connection_options(options)
    _add_process_options(options)
    add("--version", action="version", version=f"{PROGRAM} {__version__}")
    return options


class _Help(argparse.HelpFormatter):
    """Begins as the help of the other commands and workers does."""

    def add_usage(
        self,
        usage: str | None,
        actions: Iterable[argparse.Action],
        groups: "Iterable[argparse._MutuallyExclusiveGroup]",
        prefix: str | None = None,
    ) -> None:
        super().add_usage(usage, actions, groups, prefix or "Usage: ")


def _add_connection_options(options: argparse.ArgumentParser) -> None:
    add = options.add_argument
    add(
        "--token",
        help=f"one-use enrollment token, for the first start; better given in {TOKEN_VARIABLE}, where not every user "
        "of the machine can read it",
    )
    add(
        "--enroll-at",
        type=_address,
        metavar="HOST:PORT",
        help="where to enroll, if --server lets nobody in without a certificate",
    )
    add(
        "--ca",
        type=Path,
        metavar="FILE",
        help="PEM file of the issuers of the server's certificate; turns TLS on",
    )
    add("--tls", action="store_true", help="TLS with the issuers that this machine trusts")


def _add_process_options(options: argparse.ArgumentParser) -> None:
    add = options.add_argument
    add(
        "--spool-bytes",
        type=_spool_bytes,
        default=DEFAULT_SPOOL_BYTES,
        metavar="N",
        help="unacknowledged output that may lie on disk; when it is full, steps wait (default: 1 GiB)",
    )
    add(
        "--supervisor",
        default="auto",
        metavar="auto|none|PATH",
        help="the program bl-run, under which steps go on when this worker is killed; auto (the default) looks for it "
        "beside the Python interpreter and on PATH",
    )
    add(
        "--on-crash",
        choices=("continue", "kill"),
        default="continue",
        help="what supervised steps do when this worker is killed (default: continue)",
    )
    add(
        "--cgroup",
        type=Path,
        metavar="DIR",
        help="a delegated cgroup v2 directory (Linux; found by itself under systemd's Delegate=yes)",
    )


def _address(text: str) -> str:
    found = _ADDRESS.fullmatch(text)
    if found is None or not (found["port"] is None or 0 < int(found["port"]) < 1 << 16):
        raise argparse.ArgumentTypeError(f"{text!r} isn't HOST:PORT or unix:PATH")
    return text


def _name(text: str) -> str:
    if not _NAME.fullmatch(text):
        raise argparse.ArgumentTypeError(f"{text!r} isn't 1–64 of A-Z a-z 0-9 . _ -, a letter or digit first")
    return text


def _label(text: str) -> tuple[str, str]:
    key, equals, value = text.partition("=")
    if not key or not equals:
        raise argparse.ArgumentTypeError(f"{text!r} isn't KEY=VALUE")
    return key, value


def _capacity(text: str) -> int:
    return _whole(text, 1)


def _days(text: str) -> int:
    return _whole(text, 0)


def _spool_bytes(text: str) -> int:
    return _whole(text, LEAST_SPOOL_BYTES)


def _whole(text: str, least: int) -> int:
    if not text.isascii() or not text.isdecimal() or int(text) < least:
        raise argparse.ArgumentTypeError(f"{text!r} isn't a whole number of at least {least}")
    return int(text)
