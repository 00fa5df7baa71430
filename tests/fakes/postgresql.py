"""A real PostgreSQL server of one's own: made in a temporary directory, started, stopped, killed."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from uuid import uuid4

import psycopg

INSTALL = "install PostgreSQL's server programs (Debian: apt-get install postgresql; no cluster is needed)"
ACCOUNT = "postgres"
"""Who runs the server when the tests run as root, which PostgreSQL refuses to."""
START_SECONDS = 30.0
SETTINGS = "-c listen_addresses= -c fsync=off -c max_connections=100"


class PostgresqlMissingError(Exception):
    """There is no PostgreSQL on this machine, or it doesn't start."""


class PostgresqlCluster:
    """One cluster, by the directory of its socket and its data."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self._data = directory / "data"
        self._programs = _programs()
        self._running = False

    def create(self) -> None:
        """Make the cluster."""
        if os.geteuid() == 0:
            shutil.chown(self.directory, ACCOUNT)
        options = ("-U", ACCOUNT, "-A", "trust", "-E", "UTF8", "--no-sync", "--locale=C")
        _run(self._programs / "initdb", "-D", self._data, *options)

    def start(self) -> None:
        """Start it and wait until it takes connections; after a kill it recovers first."""
        deadline = time.monotonic() + START_SECONDS
        options = ("-l", self.directory / "log", "-o", f"-k {self.directory} {SETTINGS}")
        while True:
            try:
                _run(self._programs / "pg_ctl", "-D", self._data, "-w", *options, "start")
            except PostgresqlMissingError:
                # processes of a killed server may still hold its shared memory
                if time.monotonic() > deadline:
                    raise
                time.sleep(0.1)
            else:
                self._running = True
                return

    def stop(self) -> None:
        """Stop it at once, without a word to its clients; one that was killed is stopped already."""
        if self._running:
            _run(self._programs / "pg_ctl", "-D", self._data, "-m", "immediate", "stop")

    def shut_down(self) -> None:
        """Stop it in good order: all that was committed is in the files of the tables."""
        if self._running:
            _run(self._programs / "pg_ctl", "-D", self._data, "-m", "fast", "-w", "stop")
        self._running = False

    def enable_checksums(self) -> None:
        """Give every page of its files a checksum; it has to be stopped."""
        _run(self._programs / "pg_checksums", "--enable", "--no-sync", "-D", self._data)

    def replace_data(self, other: Path) -> None:
        """Put a copy of another cluster's data in the place of its own; it has to be stopped."""
        shutil.rmtree(self._data)
        shutil.copytree(other, self._data)
        if os.geteuid() == 0:
            subprocess.run(["chown", "-R", ACCOUNT, self._data], check=True)
        self._data.chmod(0o700)

    def file(self, path: str) -> Path:
        """A file of its data, by what `pg_relation_filepath` says."""
        return self._data / path

    def kill(self) -> None:
        """SIGKILL its first process; the others end by themselves when they see that."""
        process = int((self._data / "postmaster.pid").read_text().split()[0])
        os.kill(process, signal.SIGKILL)
        while Path(f"/proc/{process}").exists():
            # it is this process's own child when the tests are the reaper of whatever lost its parent
            with suppress(ChildProcessError):
                os.waitpid(process, os.WNOHANG)
            time.sleep(0.01)
        self._running = False

    @contextmanager
    def database(self, options: str = "") -> Iterator[str]:
        """The URL of an empty database, dropped afterwards whoever is still connected."""
        name = f"test_{uuid4().hex}"
        self._execute(f'CREATE DATABASE "{name}" {options}')
        yield f"postgresql://{ACCOUNT}@/{name}?host={self.directory}"
        self._execute(f'DROP DATABASE "{name}" WITH (FORCE)')

    def _execute(self, statement: str) -> None:
        with psycopg.connect(host=str(self.directory), user=ACCOUNT, dbname="postgres", autocommit=True) as db:
            db.execute(statement.encode())


@contextmanager
def postgresql_cluster() -> Iterator[PostgresqlCluster]:
    """One that runs, and is gone afterwards.

    Raises:
        PostgresqlMissingError
    """
    directory = Path(tempfile.mkdtemp(prefix="buildledger-pg-"))
    try:
        cluster = PostgresqlCluster(directory)
        cluster.create()
        cluster.start()
        try:
            yield cluster
        finally:
            cluster.stop()
    finally:
        shutil.rmtree(directory)


def _programs() -> Path:
    on_path = shutil.which("initdb")
    if on_path is not None:
        return Path(on_path).resolve().parent
    versions = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[-3]))
    if not versions:
        raise PostgresqlMissingError(f"this needs a real PostgreSQL and there is no initdb on this machine: {INSTALL}")
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
        raise PostgresqlMissingError(f"{argv[0]} failed with {done.returncode}; {INSTALL}\n{said}")
