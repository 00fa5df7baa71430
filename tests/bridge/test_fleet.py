"""Builds of a real server on a Buildbot fleet, through a real bridge; everything is a process of its own."""

from pathlib import Path

from buildledger.events.build import BuildAssigned, BuildFinished, OperationFinished
from buildledger.events.results import Result
from tests.bridge.fleet import fleet, log_of, statuses
from tests.fakes.repository import Repository
from tests.faults.installation import wait_until
from tests.worker.conftest import is_alive


def test_builds_on_two_machines(tmp_path: Path) -> None:
    """Each machine builds a git repository at the same time as the other; logs, exit codes and results are right."""
    repository = Repository(tmp_path / "repository")
    revision = repository.commit(**{"check.sh": "echo checked; echo problem >&2; printf 'no end'"})
    text = f"""
version: 1
sources: {{widget: {{git: "{repository.url}", poll: never}}}}
workers: {{one: {{capacity: 1}}, two: {{capacity: 1}}}}
builders:
  good:
    collapse: never
    steps:
      - checkout: widget
      - script: "touch {tmp_path}/$PPID.here; while [ $(ls {tmp_path}/*.here | wc -l) -lt 2 ]; do sleep 0.05; done"
      - run: [sh, check.sh]
  bad:
    steps:
      - script: "exit 3"
      - run: ["true"]
"""
    with fleet(tmp_path, text, "one", "two") as the_fleet:
        the_fleet.start()
        installation, client = the_fleet.installation, the_fleet.client
        requests = [installation.force(client, builder) for builder in ("good", "good", "bad")]
        results = [installation.wait_for_answer(client, request) for request in requests]
        assert results == ["success", "success", "failure"]
        builds = [client.get(f"/requests/{request}").json()["request"]["build_id"] for request in requests]
        seen = [client.get(f"/builds/{build}").json()["build"] for build in builds]
        assert {build["worker"] for build in seen[:2]} == {"one", "two"}
        assert [log_of(client, build, 2) for build in builds[:2]] == [b"checked\nproblem\nno end"] * 2
        assert revision.encode() in log_of(client, builds[0], 0)
        steps = client.get(f"/builds/{builds[2]}/steps").json()["items"]
        assert (steps[0]["result"], steps[0]["operations"][0]["exit_code"]) == ("failure", 3)
        assert the_fleet.end_bridge() == 0
        wait_until(lambda: not the_fleet.connected(), "the workers have said goodbye", the_fleet.output)
        installation.kill_server()
        installation.verify()


STEP = """
      - script: |
          echo $$ >> PLACE/pids
          while [ ! -e PLACE/gate ]; do sleep 0.05; done
"""


def test_bridge_killed_in_mid_step(tmp_path: Path) -> None:
    """The step is shown as interrupted, what was left of it is killed first, and the build succeeds at the retry; so it
    is when the old worker itself is killed, which then doesn't even know what it had started.
    """
    text = f"version: 1\nworkers: {{one: {{}}}}\nbuilders:\n  slow:\n    steps:{STEP.replace('PLACE', str(tmp_path))}"
    pids = tmp_path / "pids"

    def started(count: int) -> int:
        """Wait until the step has started so often, and the server knows it; gives its process."""
        wait_until(lambda: pids.exists() and len(pids.read_text().split()) == count, f"start {count}", the_fleet.output)
        wait_until(lambda: statuses(the_fleet.client) == ["started"], "the server knows", the_fleet.output)
        return int(pids.read_text().split()[-1])

    with fleet(tmp_path, text, "one") as the_fleet:
        the_fleet.start()
        installation = the_fleet.installation
        request = installation.force(the_fleet.client, "slow")
        first = started(1)
        the_fleet.kill_bridge()
        assert is_alive(first)
        the_fleet.start_bridge()
        second = started(2)
        assert not is_alive(first)
        the_fleet.workers["one"].kill()
        assert is_alive(second)
        the_fleet.workers["one"].start()
        started(3)
        assert not is_alive(second)
        (tmp_path / "gate").touch()
        assert installation.wait_for_answer(the_fleet.client, request) == "success"
        installation.kill_server()
        assert [fact.attempt for fact in installation.facts(BuildAssigned)] == [1, 2, 3]
        assert [fact.result for fact in installation.facts(BuildFinished)] == [Result.RETRY] * 2 + [Result.SUCCESS]
        ends = [fact.ended for fact in installation.facts(OperationFinished)]
        assert [ended.reason for ended in ends] == ["interrupted", "interrupted", "exited"]
        assert "bridge was restarted" in ends[0].detail
        assert "protocol can't resume a command" in ends[1].detail
        installation.verify()
