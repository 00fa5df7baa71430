"""`buildledger token` and `buildledger workers`."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from buildledger.cli.workers import status_text
from tests.cli.conftest import Run, ServedDirectory
from tests.fakes.ports import free_port


def test_a_token_is_printed_alone(run: Run, served: ServedDirectory) -> None:
    """The token can be put into a command line: nothing else is printed."""
    shown = run("token", "--worker", "local", "--state", served.state)
    assert shown.exit_code == 0
    assert [line.startswith("ble_") for line in shown.output.splitlines()] == [True]


def test_workers_are_listed(run: Run, served: ServedDirectory) -> None:
    """A configured worker that never came stands in the table with what is known of it."""
    head, row = run("workers", "list", "--state", served.state).output.splitlines()
    assert head.split() == ["NAME", "STATUS", "CREDENTIAL", "EXPIRES", "LAST", "SEEN"]
    assert row.split()[0] == "local"
    assert "never enrolled" in row


def test_workers_are_listed_for_programs(run: Run, served: ServedDirectory) -> None:
    """With --json the list is JSON with the same names as the API."""
    shown = json.loads(run("workers", "list", "--json", "--state", served.state).output)
    assert [(each["name"], each["credential"]["state"]) for each in shown] == [("local", "none")]


def test_former_workers_are_listed_apart(run: Run, served: ServedDirectory) -> None:
    """A configured worker isn't among those that are gone."""
    assert run("workers", "list", "--former", "--state", served.state).output.split() == [
        *("NAME", "STATUS", "CREDENTIAL", "EXPIRES", "LAST", "SEEN")
    ]


@pytest.mark.parametrize(
    ("status", "reason", "by", "said"),
    [
        ("lost", "goodbye", "worker", "stopped"),
        ("disconnected", "stream_ended", "worker", "disconnected"),
        ("connected", "", "worker", "stopping"),
        ("connected", "", "person", "connected, paused"),
        ("never_connected", "", None, "never connected"),
    ],
)
def test_a_stopped_worker_is_neither_lost_nor_paused(status: str, reason: str, by: str | None, said: str) -> None:
    """What the list says of a worker that somebody has stopped is that it was stopped."""
    assert status_text({"status": status, "disconnect_reason": reason, "paused_by": by}) == said


def test_revoking_what_was_never_issued(run: Run, served: ServedDirectory) -> None:
    """A worker without a credential in force is left as it is, and that is said."""
    shown = run("workers", "revoke", "local", "--state", served.state)
    assert (shown.exit_code, shown.output) == (0, "local has no credential in force: never enrolled.\n")


def test_revoking_an_unknown_worker(run: Run, served: ServedDirectory) -> None:
    """A name that no worker has is an error of one line with a code."""
    shown = run("workers", "revoke", "nobody", "--state", served.state)
    assert shown.exit_code == 1
    assert shown.output.startswith("Error: ")
    assert "(not_found)" in shown.output


def test_a_directory_in_which_no_server_ran(run: Run, tmp_path: Path) -> None:
    """It is said how to start one there."""
    shown = run("workers", "list", "--state", tmp_path)
    assert shown.exit_code == 1
    assert f"buildledger serve --state {tmp_path}" in shown.output


def test_a_server_that_is_gone(run: Run, tmp_path: Path) -> None:
    """Where a server ran that doesn't answer, its address is named."""
    address = f"http://127.0.0.1:{free_port()}"
    (tmp_path / "address").write_text(address)
    (tmp_path / "admin-token").write_text("secret")
    shown = run("workers", "list", "--state", tmp_path)
    assert shown.exit_code == 1
    assert f"the server doesn't answer at {address}" in shown.output
