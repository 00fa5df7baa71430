"""The manual's example isn't only loaded: a real server builds it, with local sources, workers and programs put in."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.config.texts import EXAMPLES
from tests.fakes.repository import Repository
from tests.faults.installation import Installation, installation, wait_until

CELLS = 5
UV = """\
#!/bin/sh
# Stands for `uv run --python VERSION pytest ARGUMENTS`.
mkdir -p build
printf '<testsuite><testcase name="spins" classname="%s"/></testsuite>' "$3" > build/junit.xml
"""
INTEGRATION = """\
#!/bin/sh
test "$1" = main && test "$DB_PASSWORD" = "a value of staging-db" && test -f proto/widget.proto
"""
RELEASE = """\
#!/bin/sh
test "$TOKEN" = "a value of pypi" && echo "released $1"
"""


def substituted(directory: Path) -> str:
    """The example with what this machine has: nothing else in it is changed."""
    program = directory / "uv"
    program.write_text(UV)
    program.chmod(0o755)
    (directory / "secrets").mkdir()
    for name in ("staging-db", "pypi"):
        (directory / "secrets" / name).write_text(f"a value of {name}")
    widget = Repository(directory / "widget")
    for name, content in (("ci/integration.sh", INTEGRATION), ("ci/release", RELEASE)):
        widget.write(name, content)
        (widget.path / name).chmod(0o755)
    widget.git("add", "--all")
    widget.commit("spin")
    proto = Repository(directory / "proto")
    proto.commit("describe", **{"widget.proto": "message Widget {}\n"})
    text = (EXAMPLES / "acme.yaml").read_text()
    for old, new in (
        ("https://github.com/acme/widget.git", widget.url),
        ("https://git.acme.example/proto.git", proto.url),
        ("poll: 5m", "poll: 1s"),
        ("/etc/buildledger/secrets", str(directory / "secrets")),
        ("[uv, run,", f"[{program}, run,"),
        ("{labels: {os: linux}, capacity: 4}", "{labels: {os: linux}, capacity: 4, start: {driver: local}}"),
        ("{labels: {os: windows}, capacity: 2}", "{labels: {os: windows}, capacity: 2, start: {driver: local}}"),
        ("settle: 90s", "settle: 0s"),
    ):
        assert text.count(old) == 1, old
        text = text.replace(old, new)
    return text


def finished(client: httpx.Client, name: str, revision: str) -> list[dict[str, Any]]:
    """The builds of a revision by a builder, or by all cells of a matrix, that have ended.

    What the server finds when it first looks at the repository may be built as well.
    """
    builds = client.get("/builds", params={"status": "finished"}).json()["items"]
    of_name = [build for build in builds if build["builder"].partition("[")[0] == name]
    return [build for build in of_name if any(stamp["obtained"] == revision for stamp in build["stamps"])]


@pytest.fixture
def directory(tmp_path: Path) -> Iterator[Path]:
    """Of which no program is left: workers that a server has started outlive it, to go on under the next one."""
    yield tmp_path
    for process in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):
            command = (process / "cmdline").read_bytes().split(b"\0")
            if b"worker" in command and any(bytes(tmp_path) in argument for argument in command):
                os.kill(int(process.name), signal.SIGTERM)


def test_the_example_is_built_green(directory: Path) -> None:
    """A commit has all cells of the matrix tested, their success has it integrated, and a person releases it."""
    with installation(directory, substituted(directory)) as server:
        client = server.start_server()
        commit_and_follow(server, client, Repository.of(directory / "widget"))
        answer = client.post("/builders/release/force", json={"inputs": {"version": "one"}})
        assert (answer.status_code, answer.json()["errors"][0]["at"]) == (422, "inputs/version")
        forced = client.post("/builders/release/force", json={"inputs": {"version": "1.2.3"}}).raise_for_status()
        assert server.wait_for_answer(client, forced.json()["request_id"]) == "success"
        assert client.get("/builders/release").json()["protected"] is True
        assert [(each["name"], each["builder_count"]) for each in client.get("/projects").json()["items"]] == [
            ("widget", CELLS + 2)
        ]
        client.close()


def commit_and_follow(server: Installation, client: httpx.Client, widget: Repository) -> None:
    """A commit that isn't about documentation alone goes all the way."""
    wait_until(lambda: client.get("/sources").json()["items"][0]["branches"], "the server has seen the repository")
    revision = widget.commit("spin faster", **{"src.py": "SPEED = 2\n"})
    client.post("/sources/widget/trigger-poll").raise_for_status()
    wait_until(lambda: finished(client, "integration", revision), "what was committed is integrated", server.output)
    builds = finished(client, "tests", revision)
    assert len(builds) == CELLS
    totals = [client.get(f"/builds/{build['id']}").json()["tests"]["totals"]["passed"] for build in builds]
    assert totals == [1] * CELLS
    assert {build["result"] for build in (*builds, *finished(client, "integration", revision))} == {"success"}
