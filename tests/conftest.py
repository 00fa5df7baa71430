"""What several rooms need: a real PostgreSQL server, started once and stopped again, the supervisor, who runs where."""

from __future__ import annotations

import os
import platform
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import psycopg
import pytest
from hypothesis import HealthCheck, settings
from xdist.scheduler import LoadScopeScheduling  # type: ignore[import-untyped]

# Nothing here asserts a time. Where `CI` is set the examples are the same in every run; elsewhere they differ.
settings.register_profile(
    "house", deadline=None, suppress_health_check=[HealthCheck.too_slow], derandomize="CI" in os.environ
)
settings.load_profile("house")


def pytest_configure() -> None:
    """Hear Ctrl-C: where a shell put the tests into the background they ignore it, and so would all that they start."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


TOGETHER = {"browser", "wine"}
"""Rooms whose tests share one thing of a machine: they run in one process, one after the other.

Their marks say the same, but pytest-xdist 3.8 can't hand those on with the node ids of pytest 9.2.
"""


class ByRoom(LoadScopeScheduling):  # type: ignore[misc]
    """Gives a room that has to stay together to one process, and of all others each test to whoever is free."""

    def _split_scope(self, nodeid: str) -> str:
        return next((room for room in TOGETHER if nodeid.startswith(f"tests/{room}/")), nodeid)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> ByRoom:
    return ByRoom(config, log)


INSTALL = "install PostgreSQL's server programs (Debian: apt-get install postgresql; no cluster is needed)"
ACCOUNT = "postgres"
"""Who runs the server when the tests run as root, which PostgreSQL refuses to."""


def _programs() -> Path:
    on_path = shutil.which("initdb")
    if on_path is not None:
        return Path(on_path).resolve().parent
    versions = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[-3]))
    if not versions:
        pytest.fail(f"these tests need a real PostgreSQL and there is no initdb on this machine: {INSTALL}")
    return versions[-1].parent


def _run(*argv: str | Path) -> None:
    as_account = ("runuser", "-u", ACCOUNT, "--") if os.geteuid() == 0 else ()
    command = [*as_account, *map(str, argv)]
    # a file, not a pipe: the server that pg_ctl leaves behind would hold a pipe open
    with tempfile.TemporaryFile("w+") as output:
        done = subprocess.run(command, stdout=output, stderr=output, cwd="/", check=False)
        output.seek(0)
        said = output.read()
    if done.returncode != 0:
        pytest.fail(f"{argv[0]} failed with {done.returncode}; {INSTALL}\n{said}")


@pytest.fixture(scope="session")
def postgresql_directory() -> Iterator[Path]:
    """A running server, by the directory of its socket."""
    programs = _programs()
    directory = Path(tempfile.mkdtemp(prefix="buildledger-pg-"))
    try:
        if os.geteuid() == 0:
            shutil.chown(directory, ACCOUNT)
        data = directory / "data"
        _run(programs / "initdb", "-D", data, "-U", ACCOUNT, "-A", "trust", "-E", "UTF8", "--no-sync", "--locale=C")
        options = f"-k {directory} -c listen_addresses= -c fsync=off -c max_connections=100"
        _run(programs / "pg_ctl", "-D", data, "-w", "-l", directory / "log", "-o", options, "start")
        try:
            yield directory
        finally:
            _run(programs / "pg_ctl", "-D", data, "-m", "immediate", "stop")
    finally:
        shutil.rmtree(directory)


@pytest.fixture
def postgresql_url(postgresql_directory: Path) -> Iterator[str]:
    """A database of the test's own, dropped afterwards whoever is still connected."""
    name = f"test_{uuid4().hex}"
    with psycopg.connect(host=str(postgresql_directory), user=ACCOUNT, dbname="postgres", autocommit=True) as db:
        db.execute(f'CREATE DATABASE "{name}"'.encode())
        yield f"postgresql://{ACCOUNT}@/{name}?host={postgresql_directory}"
        db.execute(f'DROP DATABASE "{name}" WITH (FORCE)'.encode())


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """An empty database, of each kind in turn."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/ledger.db"
    url = request.getfixturevalue("postgresql_url")
    assert isinstance(url, str)
    return url


@pytest.fixture(scope="session")
def supervisor() -> Path:
    """The native supervisor `bl-run`, as `make workers` builds it."""
    architecture = {"x86_64": "amd64", "aarch64": "arm64"}.get(platform.machine(), platform.machine())
    program = Path(__file__).parent.parent / "out" / "workers" / f"bl-run-linux-{architecture}"
    if not program.is_file():
        pytest.fail(f"these tests need the native supervisor and there is no {program}: run `make workers`")
    return program
