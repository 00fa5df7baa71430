"""The kit as people use it: a good worker passes, the report tells the truth, the exit code follows."""

import json
import os
import signal
import subprocess
import sys
import uuid
from pathlib import Path

from click.testing import CliRunner

from buildledger.cli.conformance import conformance
from buildledger.conformance import processes
from buildledger.conformance.casefile import load, load_all
from buildledger.conformance.report import table
from buildledger.conformance.run_case import run_case
from buildledger.conformance.runner import Options, choose, run
from buildledger.conformance.worker import CASE_VARIABLE, WorkerCommand

AGENT = (sys.executable, "-m", "buildledger.worker", "--server", "{server}", "--name", "{name}")
LONGEST_EXAMPLE = 150
"""Lines of the smallest worker, all of them counted."""
PLACES = ("--state", "{state}", "--work", "{work}")


async def test_the_smallest_worker_is_one(go_worker: Path) -> None:
    """The example in the manual passes what the smallest must pass, and what its program keeps."""
    program = Path(__file__).parents[2] / "examples" / "smallest_worker.py"
    command = [
        "env",
        "BUILDLEDGER_WORKER_TOKEN={token}",
        sys.executable,
        str(program),
        "{server}",
        "{name}",
        "{work}",
        str(go_worker),
    ]
    kept = ["hello", "07*", "08*", "06-bad*", "13-lower-fence", "39-no-output", "39-max-time", "39-log-limit"]
    cases = choose(load_all(), [*kept, "26*", "41-umask", "42*"], "fast")
    results = await run(cases, WorkerCommand(argv=command), Options(patience=2.0))
    outcomes = {(each.case.group, each.outcome) for each in results}
    assert outcomes == {
        ("hello", "passed"),
        ("handshake", "passed"),
        ("idempotence", "passed"),
        ("output", "passed"),
        ("processes", "passed"),
        ("files", "passed"),
        ("files", "not offered"),
    }, [each.reason for each in results]


def test_the_documented_worker_is_the_one_that_was_tried() -> None:
    """The listing that docs/protocol.md ends with is the example, and is as short as promised."""
    root = Path(__file__).parents[2]
    example = (root / "examples" / "smallest_worker.py").read_text(encoding="utf-8")
    assert (root / "docs" / "protocol.md").read_text(encoding="utf-8").endswith(f"```python\n{example}```\n")
    assert len(example.splitlines()) < LONGEST_EXAMPLE


async def test_a_failure_comes_with_its_transcript() -> None:
    """Whoever reads the report of a failed case can see what was said, and what the worker wrote."""
    argv = [sys.executable, "-m", "tests.conformance.broken.hello_loses_exit_codes", *AGENT[3:], *PLACES]
    results = await run(choose(load_all(), ["hello/exit-code"], "fast"), WorkerCommand(argv=argv), Options())
    (result,) = results
    assert result.outcome == "failed"
    assert "exited.code is 0, expected 3" in result.reason
    transcript = "\n".join(result.transcript)
    assert "worker   Hello" in transcript
    assert "server   wants RUN of run a" in transcript
    assert "worker   a#3 exited code 0 COMPLETED" in transcript
    assert any("session 1 with" in line for line in result.worker_log)


def test_both_reports_and_the_exit_code(tmp_path: Path) -> None:
    """The table is for people, the file for programs; what it says of other workers and other cases stays."""
    report = tmp_path / "out" / "conformance.json"
    report.parent.mkdir()
    report.write_text(
        '[{"worker": "other", "case": "hello/exit-code", "outcome": "passed"},'
        ' {"worker": "python", "case": "hello/exit-code", "outcome": "failed"},'
        ' {"worker": "python", "case": "output/17-100-mib", "outcome": "failed"}]',
        encoding="utf-8",
    )
    options = [
        "--only",
        "hello/exit-code",
        "--only",
        "output/26-secret-file",
        "--worker",
        "python",
        "--json",
        str(report),
    ]
    good = CliRunner().invoke(conformance, [*options, "--", *AGENT, *PLACES])
    assert good.exit_code == 0, good.output
    assert "2 passed, 0 failed, 0 not offered" in good.output
    told = {(each["worker"], each["case"]): each["outcome"] for each in json.loads(report.read_text(encoding="utf-8"))}
    assert told == {
        ("other", "hello/exit-code"): "passed",
        ("python", "output/17-100-mib"): "failed",
        ("python", "hello/exit-code"): "passed",
        ("python", "output/26-secret-file"): "passed",
    }


def test_workers_are_compared_check_by_check(tmp_path: Path) -> None:
    """Side by side: what failed and what isn't offered shows, whatever else passed under the same check."""
    report = tmp_path / "conformance.json"
    told = [("a", 1, "passed"), ("a", 1, "failed"), ("b", 1, "passed"), ("a", None, "passed"), ("b", 2, "not offered")]
    entries = [{"worker": worker, "case": "x", "check": check, "outcome": outcome} for worker, check, outcome in told]
    report.write_text(json.dumps(entries), encoding="utf-8")
    result = CliRunner().invoke(conformance, ["--compare", str(report)])
    assert [" ".join(line.split()) for line in result.output.splitlines()] == [
        "check a b",
        "the rest ok 1 not run",
        "1 FAILED 1 of 2 ok 1",
        "2 not run not offered 1 of 1",
        "passed 2 1",
        "failed 1 0",
        "not offered 0 1",
    ]


def test_failures_and_what_is_not_offered_are_kept_apart(tmp_path: Path) -> None:
    """A failure makes the exit code 1; what isn't offered does not count as passed."""
    broken = [sys.executable, "-m", "tests.conformance.broken.hello_loses_exit_codes", *AGENT[3:], *PLACES]
    options = ["--only", "hello/exit-code", "--only", "handshake/07*"]
    bad = CliRunner().invoke(conformance, [*options, "--", *broken])
    assert bad.exit_code == 1
    assert "0 passed, 1 failed, 2 not offered" in bad.output
    assert "the command line takes no {token}" in bad.output


def test_what_is_no_worker_is_said_to_be_none() -> None:
    """A program that ends without a Hello leads to one clear error at once, however patient the kit is."""
    result = CliRunner().invoke(conformance, ["--patience", "1000", "--", sys.executable, "-c", "print('sorry')"])
    assert result.exit_code == 2
    assert "doesn't say Hello: Hello: the worker has ended, with 0" in result.output
    assert "sorry" in result.output


async def test_a_worker_that_ends_is_waited_for_no_longer(tmp_path: Path) -> None:
    """What a worker that has left didn't do, it won't do: the case ends then, however patient the kit is."""
    (case,) = choose(load_all(), ["hello/heartbeats"], "fast")
    result = await run_case(case, WorkerCommand(argv=[sys.executable, "-c", "exit(5)"]), tmp_path / "case", 1000.0)
    assert result.outcome == "failed"
    assert "the worker has ended, with 5" in result.reason


PORT_TAKEN = """
group: failure
about: The port at which the server would be back is taken meanwhile, by a run.
cases:
  - id: port-taken
    title: The server comes back
    why: It can't.
    runs:
      a:
        command:
          argv:
            args:
              - PYTHON
              - -c
              - |
                import os, pathlib, socket, time
                print("on", flush=True)
                while True:
                    try:
                        taken = socket.create_server(("127.0.0.1", int(os.environ["CONFORMANCE_SERVER"].split(":")[1])))
                        break
                    except OSError:
                        time.sleep(0.01)
                pathlib.Path("{scratch}/taken").touch()
                time.sleep(600)
    steps:
      - want: a
      - await_output: {run: a, contains: "on"}
      - server_down
      - await_file: taken
      - server_up
"""


async def test_the_kits_own_failure_is_not_the_workers(tmp_path: Path) -> None:
    """A case that the kit couldn't play, here for an address in use, is told apart, and isn't the worker's failure."""
    (tmp_path / "failure.yaml").write_text(PORT_TAKEN.replace("PYTHON", sys.executable), encoding="utf-8")
    cases = [*choose(load_all(), ["hello/exit-code"], "fast"), *load(tmp_path / "failure.yaml")]
    results = await run(cases, WorkerCommand(argv=[*AGENT, *PLACES]), Options(patience=2.0))
    assert [each.outcome for each in results] == ["passed", "kit failed"]
    assert "address already in use" in results[1].reason
    lines = "\n".join(table("python", results, 1.0))
    assert "1 passed, 0 failed, 0 not offered, 1 kit failed" in lines
    assert "KIT FAILED" in lines


def test_only_what_there_is_can_be_chosen(tmp_path: Path) -> None:
    """A pattern without a case is a mistake of whoever wrote it, also beside one that has some."""
    for options, reason in (
        (["--only", "nosuch"], "no case matches 'nosuch'"),
        (["--only", "hello", "--only", "nosuch"], "no case matches 'nosuch'"),
        (["--only", "27-a-hundred*"], "with `--profile full` only"),
    ):
        result = CliRunner().invoke(conformance, [*options, "--", *AGENT, *PLACES])
        assert result.exit_code == 2
        assert reason in result.output
    notes = tmp_path / "notes.json"
    notes.write_text("not a report", encoding="utf-8")
    result = CliRunner().invoke(conformance, ["--only", "hello", "--json", str(notes), "--", *AGENT, *PLACES])
    assert (result.exit_code, notes.read_text(encoding="utf-8")) == (2, "not a report")
    assert "no report of this kit" in result.output


def test_nothing_outlives_its_case() -> None:
    """What inherited the mark of a case is killed with all that stems from it, also what cleared its environment."""
    mark = str(uuid.uuid4())
    script = "env -i setsid sleep 600 & echo $!; sleep 600"
    with subprocess.Popen(
        ["/bin/sh", "-c", script],
        env={**os.environ, CASE_VARIABLE: mark},
        stdout=subprocess.PIPE,
        start_new_session=True,
    ) as shell:
        assert shell.stdout is not None
        escaped = int(shell.stdout.readline())
        assert processes.is_alive(escaped)
        assert processes.end_marked(mark) == []
        assert not processes.is_alive(escaped)
        assert shell.wait() == -signal.SIGKILL
