"""A worker with a fault fails exactly the cases that are about the fault."""

import sys
from dataclasses import dataclass

import pytest

from buildledger.conformance.casefile import load_all
from buildledger.conformance.runner import Options, choose, run
from buildledger.conformance.worker import WorkerCommand


@dataclass(frozen=True)
class Broken:
    """A fault, the cases that are run with it, and those of them that must fail."""

    module: str
    run: tuple[str, ...]
    fails: frozenset[str]


BROKEN = (
    Broken("hello_loses_exit_codes", ("hello/*",), frozenset({"hello/exit-code", "hello/comes-back"})),
    Broken(
        "handshake_never_backs_off",
        ("handshake/*",),
        frozenset(
            {
                "handshake/02-no-common-version",
                "handshake/06-bad-credential",
                "handshake/06-revoked-in-mid-run",
                "handshake/06-overloaded",
                "handshake/06-not-permitted",
            }
        ),
    ),
    Broken(
        "handshake_proves_once",
        ("handshake/07*", "handshake/08*"),
        frozenset({"handshake/07-credential-is-private", "handshake/08-rotation-in-mid-run"}),
    ),
    Broken("idempotence_obeys_old_messages", ("idempotence/*",), frozenset({"idempotence/13-lower-revision"})),
    Broken(
        "output_masks_each_read_alone",
        ("output/18*", "output/19*", "output/2[0156]*"),
        frozenset({"output/26-secret-split"}),
    ),
    Broken(
        "failure_forgets_when_killed",
        ("failure/28*", "failure/29*", "failure/3[234]*"),
        frozenset(
            {
                "failure/33-worker-killed",
                "failure/33-killed-with-silent-run",
                "failure/33-killed-with-unsent-output",
                "failure/33-killed-at-start",
                "failure/33-killed-after-exit",
            }
        ),
    ),
    Broken(
        "processes_kills_only_the_group",
        ("processes/*",),
        frozenset(
            {
                "processes/37-tree-dies-when-stopped",
                "processes/37-tree-dies-after-the-end",
                "processes/37-neighbours-live",
                "processes/38-background-child-with-session",
            }
        ),
    ),
    Broken("files_believes_downloads", ("files/*",), frozenset({"files/42-digest-mismatch"})),
)


@pytest.mark.parametrize("broken", BROKEN, ids=lambda each: each.module)
async def test_exactly_the_right_cases_fail(broken: Broken) -> None:
    """The kit notices the fault where it matters, and holds it against nothing else."""
    argv = [
        "env",
        "BUILDLEDGER_WORKER_TOKEN={token}",
        *(sys.executable, "-m", f"tests.conformance.broken.{broken.module}"),
        *("--server", "{server}", "--name", "{name}", "--state", "{state}", "--work", "{work}"),
        *("--spool-bytes", "{spool}", "--capacity", "4"),
    ]
    cases = choose(load_all(), broken.run, "fast")
    results = await run(cases, WorkerCommand(argv=argv), Options(patience=2.0))
    reasons = {each.case.name: each.reason for each in results if each.outcome == "failed"}
    assert reasons.keys() == broken.fails, reasons
