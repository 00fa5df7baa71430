"""`buildledger explain`."""

from __future__ import annotations

from buildledger.cli.client import Client
from tests.cli.conftest import Run, ServedDirectory

REVISION = "abcd" + "1" * 36
COMMIT = {
    "revision": REVISION,
    "author": "Ada Example <ada@example.org>",
    "message": "Say it plainly",
    "committed_at": "2026-01-02T03:04:05Z",
    "files": ["src/a.c"],
}


def test_a_commit_says_why_it_was_not_built(run: Run, served: ServedDirectory) -> None:
    """By the beginning of its hash; one line for each trigger and builder."""
    Client(served.state).post("/sources/app/changes", {"branch": "main", "commits": [COMMIT]})
    assert run("explain", "abcd", "--state", served.state).output.splitlines() == [
        f"app {REVISION} on main: Say it plainly",
        "  pushed → tidy (main): its `when` does not hold: change.branch == 'release' (change.branch is main)",
    ]


def test_a_commit_that_nobody_has_seen(run: Run, served: ServedDirectory) -> None:
    """It is said in one line, with what may be the cause."""
    shown = run("explain", "beef", "--state", served.state)
    assert shown.exit_code == 1
    assert shown.output == "Error: no commit beef has been seen: is its source configured, and read?\n"
