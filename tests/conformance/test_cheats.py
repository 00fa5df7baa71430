"""What the protocol forbids is caught: a worker that does one forbidden thing fails the case that is about it."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

import pytest

from buildledger.conformance.casefile import NamedCase, load_all
from buildledger.conformance.run_case import Result, run_case
from buildledger.conformance.worker import WorkerCommand

CAUGHT_BY = {
    "says_interrupted_while_it_runs": ("failure/33-killed-with-silent-run", "of 2 processes, 2 are not dead"),
    "forgets_the_epoch": ("idempotence/13-epoch-survives-restart", "Hello.last_epoch is 0, expected 101"),
    "leaves_its_credential_open": ("handshake/07-credential-is-private", "credential.json has mode 644"),
    "changes_times": ("idempotence/12-stop-after-exit", "has another time when it is sent again"),
    "masks_only_whole_secrets": ("output/26-secret-lines", "'MIIEpAIBAAKCAQEA0Z3VS5JJ' must not be in it"),
    "tells_the_last_reason": ("processes/39-first-reason-stands", "exited.reason is CANCEL, expected 'MAX_TIME'"),
    "takes_runs_while_draining": ("processes/39-draining-takes-nothing", "run b wasn't rejected"),
    "doubles_max_time": ("processes/39-max-time", "s passed from started to stopping"),
    "doubles_no_output": ("processes/39-no-output", "s passed from output to stopping"),
    "doubles_grace": ("processes/36-grace-then-force", "s passed from stopping to exited"),
    "frees_no_disk": ("idempotence/15-disk-is-freed", "bytes are kept, more than"),
    "names_no_running_runs": ("hello/heartbeats-name-runs", "Heartbeat.running has 0 elements, not 1"),
    "tells_no_spooled_bytes": ("output/23-spooled-bytes", "Heartbeat.spooled_bytes is 0"),
    "is_another_instance_each_time": ("hello/comes-back", "instance_id isn't that of the session before"),
    "gives_no_digests": ("output/17-digests", 'output_totals has channel: "stdout" bytes: 9, which it shouldn\'t'),
    "loses_a_stop_behind_a_run": ("hello/stop-behind-run", "the end of run"),
    "ignores_a_run_without_specification": ("idempotence/09-run-without-specification", "the end of run a: not within"),
    "hurries_although_it_is_not_permitted": ("handshake/06-not-permitted", "8 s, more than 2"),
}
"""Each cheat, the case that catches it, and what that case says."""
AT_ONCE = 4
PATIENCE = {
    "names_no_running_runs": 0.2,
    "tells_no_spooled_bytes": 0.2,
    "frees_no_disk": 0.2,
    "loses_a_stop_behind_a_run": 0.2,
    "ignores_a_run_without_specification": 0.2,
}
"""A cheat that is only caught by waiting in vain isn't waited for as long as a slow worker."""


async def _play(cheat: str, case: NamedCase, directory: Path) -> Result:
    argv = [
        *("env", "BUILDLEDGER_WORKER_TOKEN={token}", sys.executable, "-m", "tests.conformance.broken.cheats", cheat),
        *("--server", "{server}", "--name", "{name}", "--state", "{state}", "--work", "{work}"),
        *("--spool-bytes", "{spool}", "--capacity", "4"),
    ]
    return await run_case(case, WorkerCommand(argv=argv), directory, PATIENCE.get(cheat, 2.0))


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Result]:
    """How each cheat fared; several are played at a time, since most of it is waiting."""
    cases = {each.name: each for each in load_all()}
    parent = tmp_path_factory.mktemp("cheats")

    async def play_all() -> dict[str, Result]:
        seats = asyncio.Semaphore(AT_ONCE)

        async def one(cheat: str) -> Result:
            async with seats:
                return await _play(cheat, cases[CAUGHT_BY[cheat][0]], parent / cheat)

        return dict(zip(CAUGHT_BY, await asyncio.gather(*map(one, CAUGHT_BY)), strict=True))

    return asyncio.run(play_all())


@pytest.mark.parametrize("cheat", CAUGHT_BY)
def test_a_cheat_is_caught(cheat: str, results: dict[str, Result]) -> None:
    """The case that is about it fails, and says what is wrong."""
    result = results[cheat]
    assert (result.outcome, CAUGHT_BY[cheat][1] in result.reason) == ("failed", True), result.reason
