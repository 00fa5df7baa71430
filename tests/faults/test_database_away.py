"""PostgreSQL is away for a while: everybody is told so, in words that don't mislead, and all goes on by itself."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

import buildledger.api
from tests.fakes.postgresql import postgresql_cluster
from tests.faults.gate import Gate
from tests.faults.installation import Installation, installation, wait_until

OPENAPI = Path(buildledger.api.__file__).parent / "openapi.json"
ENDLESS = ("/stream", "/logs/{log_id}/follow")


def addresses(known: dict[str, str]) -> list[str]:
    """Every address that is read, with what is known in its parameters."""
    paths = json.loads(OPENAPI.read_text())["paths"]
    return [
        re.sub(r"{(\w+)}", lambda name: known.get(name[1], "1"), path.removeprefix("/api/v1"))
        for path, methods in paths.items()
        if "get" in methods and not path.endswith(ENDLESS)
    ]


def run(server: Installation, *arguments: str) -> subprocess.CompletedProcess[str]:
    """A command that reads the database itself."""
    assert server.database is not None
    command = [sys.executable, "-m", "buildledger", *arguments]
    command += ["--state", str(server.state), "--database", server.database]
    return subprocess.run(command, capture_output=True, text=True, check=False)


@pytest.mark.postgresql
def test_everything_waits_for_the_database(tmp_path: Path) -> None:
    """Killed in mid-step: no address answers 500, no command shows a traceback; back again, the build succeeds."""
    gate = Gate(tmp_path / "gate")
    with (
        postgresql_cluster() as cluster,
        cluster.database() as url,
        installation(tmp_path, gate.text(), database=url) as server,
    ):
        client = server.start_server()
        server.start_worker(client)
        request = server.force(client, "slow")
        gate.wait_for_starts(1)
        (first,) = wait_until(lambda: client.get("/builds").raise_for_status().json()["items"], "the build is shown")
        build = first["id"]
        known = {"build_id": build, "request_id": request, "name": "slow", "worker": "w1"}

        cluster.kill()
        answers = {path: client.get(path) for path in addresses(known)}
        wrong = {path: answer.text for path, answer in answers.items() if answer.status_code == 500}
        assert wrong == {}
        away = [answer for answer in answers.values() if answer.status_code == httpx.codes.SERVICE_UNAVAILABLE]
        assert {answer.json().get("code", "health") for answer in away} <= {"unavailable", "health"}
        assert client.get("/builds").json()["code"] == "unavailable"
        assert "psycopg" not in client.get("/builds").text
        assert client.post("/builders/slow/force", json={}).status_code == httpx.codes.SERVICE_UNAVAILABLE
        wait_until(lambda: "no lease" in client.get("/health").text, "health says so")
        for command in (("audit", "verify"), ("audit", "replay"), ("projections", "rebuild", "status")):
            done = run(server, *command)
            assert (done.returncode, "Traceback" in done.stderr) == (1, False), done.stderr
            assert done.stderr.startswith("Error: "), done.stderr

        cluster.start()
        gate.open()
        assert server.wait_for_answer(client, request) == "success"
        wait_until(lambda: client.get("/health").json()["status"] == "ok", "all is well again")
        assert server.server_runs
        server.verify()
