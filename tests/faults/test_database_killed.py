"""PostgreSQL is killed while a command is in the middle of its work: words, an exit code, and nothing half done."""

from __future__ import annotations

import subprocess
import sys
from contextlib import closing
from pathlib import Path

import psycopg
import pytest

from tests.fakes.ports import free_port
from tests.fakes.postgresql import PostgresqlCluster, postgresql_cluster
from tests.faults.installation import installation, wait_until

WAITING = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'"
DEADLINE_SECONDS = 60


def _killed_in_the_middle(cluster: PostgresqlCluster, url: str, command: list[str]) -> tuple[int, str]:
    """Run a command, kill the database when it waits for facts, and give its exit code and what it said."""
    with closing(psycopg.connect(url, autocommit=True)) as watching, closing(psycopg.connect(url)) as holder:
        holder.execute("LOCK TABLE ledger.fact IN ACCESS EXCLUSIVE MODE")
        process = subprocess.Popen(
            [sys.executable, "-m", "buildledger", *command], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
        waiting = watching.execute
        wait_until(lambda: (waiting(WAITING).fetchone() or (0,))[0] or process.poll() is not None, "it waits for facts")
        assert process.poll() is None, process.communicate()[0]
        cluster.kill()
    output, _ = process.communicate(timeout=DEADLINE_SECONDS)
    cluster.start()
    return process.returncode, output


@pytest.mark.postgresql
def test_commands_say_that_the_database_went_away(tmp_path: Path) -> None:
    """One line and exit code 1; when the database is back, the same command does its work."""
    with postgresql_cluster() as cluster, cluster.database() as url:
        with installation(tmp_path, "version: 1\n", database=url) as server:
            server.start_server()
            server.kill_server()
        reading = ["--state", str(server.state), "--database", url]
        serving = ["--http", f"127.0.0.1:{free_port()}", "--grpc", f"127.0.0.1:{free_port()}"]
        commands = [
            ["audit", "verify", *reading],
            ["projections", "rebuild", "all", *reading],
            ["serve", *reading, *serving],
        ]
        for command in commands:
            code, said = _killed_in_the_middle(cluster, url, command)
            assert (code, "Traceback" in said, "Nobody foresaw" in said) == (1, False, False), said
            assert said.startswith("Error: "), said
            assert len(said.splitlines()) == 1, said
        again = [sys.executable, "-m", "buildledger", *commands[0]]
        done = subprocess.run(again, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr
