"""Operations to RunSpecs, and last events to outcome_mapping."""

from typing import Any

import pytest

from buildledger.events.operation import OperationSpec, OutputTotal, Run, SecretName, Stat, Text, Upload, WriteFile
from buildledger.grpc_protos.worker.v1 import worker_pb2 as pb
from buildledger.slave_grpc.sessions.outbox import Outbox, split_desired
from buildledger.slave_grpc.wire import outcome_mapping, upload_result
from buildledger.slave_grpc.wire.run_specs import UnsendableError, run_spec, secret_names

LIMITS = ("log_limit", "shell_script", "stop_policy", "timeouts", "unset_env")
ALL = ("blobs", "file_operations", "merge_stderr", "secrets", "stdin", *LIMITS)

UNLIMITED: dict[str, Any] = {"no_output_seconds": None, "log_limit_bytes": 0}


def told(spec: OperationSpec, features: tuple[str, ...] = ALL, os: str = "linux") -> pb.RunSpec:
    return run_spec(spec, "dir", features, {"s": "value"}.__getitem__, os=os)


@pytest.mark.parametrize(
    ("spec", "os", "interpreter"),
    [
        (Run(script="x", stop_at_failure=True), "linux", ["/bin/sh", "-e", "-c"]),
        (Run(script="x", stop_at_failure=True), "unknown", ["/bin/sh", "-e", "-c"]),
        (Run(script="x", stop_at_failure=True), "windows", []),
        (Run(script="x"), "linux", []),
        (Run(argv=("x",)), "linux", []),
    ],
)
def test_a_script_stops_at_its_first_failing_command(spec: Run, os: str, interpreter: list[str]) -> None:
    """The server names the shell that does; what was asked for before it was so, and Windows, get their own."""
    command = told(spec, os=os).command
    assert list(command.shell_script.interpreter) == interpreter
    assert command.shell_script.text == (spec.script or "")


def test_command() -> None:
    """Every part of a command finds its field; a secret stands in its own."""
    spec = Run(
        script="x",
        cwd="sub",
        env={"A": Text(value="a"), "S": SecretName(name="s")},
        unset_env=("B",),
        stdin="in",
        no_output_seconds=1.5,
        max_seconds=60,
        grace_seconds=4,
        log_limit_bytes=77,
    )
    run = told(spec)
    command = run.command
    assert (run.builddir, command.cwd, command.shell_script.text) == ("dir", "sub", "x")
    assert dict(command.env) == {"A": "a"}
    assert [(secret.env, secret.value) for secret in command.secrets] == [("S", b"value")]
    assert (command.stdin, list(command.unset_env), command.log_limit, command.merge_stderr) == (b"in", ["B"], 77, True)
    assert [(step.level, step.grace.seconds) for step in command.stop_policy] == [
        (pb.STOP_LEVEL_INTERRUPT, 2),
        (pb.STOP_LEVEL_TERMINATE, 2),
        (pb.STOP_LEVEL_KILL, 0),
    ]
    assert (run.timeouts.no_output.ToMilliseconds(), run.timeouts.max.seconds) == (1500, 60)
    assert secret_names(spec) == ["s"]


def test_path_of_an_upload_is_no_pattern() -> None:
    """Characters that mean something in patterns are taken literally."""
    assert told(Upload(path="a[1]*.txt", artifact="x", limit_bytes=5)).files_out[0].pattern == b"a[[]1][*].txt"


@pytest.mark.parametrize(
    "spec",
    [
        Stat(path="x"),
        WriteFile(path="x", text=""),
        Upload(path="x", artifact="x", limit_bytes=1),
        Run(argv=("x",), stdin="", **UNLIMITED),
        Run(argv=("x",), env={"S": SecretName(name="s")}, **UNLIMITED),
    ],
)
def test_feature_that_is_not_offered_is_not_used(spec: OperationSpec) -> None:
    """A worker without a feature is never sent what needs it."""
    with pytest.raises(UnsendableError, match="does not offer"):
        told(spec, features=())


def test_plainest_worker_runs_commands() -> None:
    """A worker that offers nothing gets commands without limits, with their streams apart, to be ended as is usual."""
    command = told(Run(argv=("x",), **UNLIMITED), features=()).command
    assert (command.merge_stderr, list(command.stop_policy), command.log_limit) == (False, [], 0)


@pytest.mark.parametrize(
    ("wanted", "feature"),
    [
        ({"max_seconds": 60.0}, "timeouts"),
        ({"no_output_seconds": 60.0}, "timeouts"),
        ({"log_limit_bytes": 1000}, "log_limit"),
        ({"grace_seconds": 60.0}, "stop_policy"),
        ({"unset_env": ("HOME",)}, "unset_env"),
        ({"argv": (), "script": "make"}, "shell_script"),
    ],
)
def test_what_a_worker_would_ignore_is_refused_by_name(wanted: dict[str, Any], feature: str) -> None:
    """A limit that the worker doesn't keep would be a success where there should be none."""
    spec = Run(**({"argv": ("x",)} | UNLIMITED | wanted))
    with pytest.raises(UnsendableError, match=f"does not offer '{feature}'"):
        told(spec, features=tuple(each for each in ALL if each != feature))
    assert told(spec).HasField("command")


@pytest.mark.parametrize(
    ("exited", "reason"),
    [
        (pb.Exited(code=0, reason=pb.EXIT_REASON_COMPLETED), "exited"),
        (pb.Exited(signal=9, reason=pb.EXIT_REASON_COMPLETED), "signalled"),
        (pb.Exited(signal=15, reason=pb.EXIT_REASON_NO_OUTPUT), "no_output"),
        (pb.Exited(signal=15, reason=pb.EXIT_REASON_MAX_TIME), "max_time"),
        (pb.Exited(reason=pb.EXIT_REASON_LOG_LIMIT), "log_limit"),
        (pb.Exited(reason=pb.EXIT_REASON_CANCEL), "cancel"),
        (pb.Exited(reason=pb.EXIT_REASON_WORKER_SHUTDOWN), "worker_shutdown"),
        (pb.Exited(reason=pb.EXIT_REASON_INTERRUPTED), "interrupted"),
        (pb.Exited(reason=pb.EXIT_REASON_START_UNKNOWN), "start_unknown"),
        (pb.Exited(reason=pb.EXIT_REASON_START_FAILED), "start_failed"),
        (pb.Exited(reason=pb.EXIT_REASON_STORAGE), "io_error"),
    ],
)
def test_reasons_stay_distinct(exited: pb.Exited, reason: str) -> None:
    """Each way to end has its own word."""
    assert outcome_mapping.outcome_of_exited(exited, Run(argv=("x",)), (), (), ("", False)).reason == reason


SHA256 = "ab" * 32
STORED = OutputTotal(channel="stdio", size_bytes=3, line_count=1, sha256=SHA256)


@pytest.mark.parametrize(
    ("exited", "detail"),
    [
        (pb.Exited(), "neither an exit code nor a signal"),
        (pb.Exited(reason=pb.EXIT_REASON_COMPLETED, message="the worker failed"), "it says: the worker failed"),
        (pb.Exited(code=0, reason=pb.ExitReason.ValueType(99)), ""),
        (pb.Exited(code=0, output_totals=[pb.OutputTotal(channel="stdio", bytes=4)]), "4 bytes of stdio, and 3 are"),
        (pb.Exited(code=0, output_totals=[pb.OutputTotal(channel="stdio", bytes=2)]), "2 bytes of stdio, and 3 are"),
        (
            pb.Exited(code=0, output_totals=[pb.OutputTotal(channel="stdio", bytes=3, sha256=b"x" * 32)]),
            "the digests differ",
        ),
        (
            pb.Exited(
                code=0,
                output_totals=[
                    pb.OutputTotal(channel="stdio", bytes=3, sha256=bytes.fromhex(SHA256)),
                    pb.OutputTotal(channel="stderr", bytes=1),
                ],
            ),
            "1 bytes of stderr, and 0 are",
        ),
        (pb.Exited(code=0), "nothing of the 3 bytes of stdio"),
    ],
)
def test_what_cannot_be_right_is_no_success(exited: pb.Exited, detail: str) -> None:
    """An end without a status, for an unknown reason, or with other output than what is stored is tried again."""
    ended = outcome_mapping.outcome_of_exited(exited, Run(argv=("x",)), (), (STORED,), ("", False))
    assert (ended.reason, ended.ok, ended.infrastructure) == ("inconsistent", False, True)
    assert detail in ended.detail


def test_what_is_as_stored_is_a_success() -> None:
    """A worker need not know the digest; the size has to be right."""
    for sha256 in (bytes.fromhex(SHA256), b""):
        exited = pb.Exited(code=0, output_totals=[pb.OutputTotal(channel="stdio", bytes=3, sha256=sha256)])
        assert outcome_mapping.outcome_of_exited(exited, Run(argv=("x",)), (), (STORED,), ("", False)).ok


@pytest.mark.parametrize("spec", [Stat(path="a"), Upload(path="a", artifact="a", limit_bytes=9, optional=True)])
def test_an_answer_without_what_was_found_is_no_success(spec: OperationSpec) -> None:
    """That nothing is there is something that a worker has to say."""
    exited = pb.Exited(code=0, reason=pb.EXIT_REASON_COMPLETED)
    assert outcome_mapping.outcome_of_exited(exited, spec, (), (), ("", False)).reason == "inconsistent"
    assert outcome_mapping.outcome_of_exited(exited, spec, [pb.FileResult()], (), ("", False)).ok


def test_a_file_that_did_not_come_is_missed() -> None:
    """A file that was listed and whose content wasn't sent is named, and nothing is stored without it."""
    listed = [
        pb.FileEntry(path=b"dist", type=pb.FILE_TYPE_DIRECTORY),
        pb.FileEntry(path=b"dist/gone", type=pb.FILE_TYPE_REGULAR, size=1),
    ]
    spec = Upload(path="dist", artifact="dist", limit_bytes=9)
    with pytest.raises(upload_result.NothingStoredError, match="'dist/gone' was there") as raised:
        upload_result.stored_artifact(spec, [pb.FileResult(entries=listed), pb.FileResult()], {})
    assert raised.value.reason == "no_file"


@pytest.mark.parametrize("spec", [WriteFile(path="a", text=""), Upload(path="a", artifact="a", limit_bytes=9)])
def test_an_error_of_a_file_is_no_success(spec: OperationSpec) -> None:
    """A failed file operation fails, also if its worker says that it completed."""
    exited = pb.Exited(code=0, reason=pb.EXIT_REASON_COMPLETED)
    result = pb.FileResult(error=pb.FileError(code=pb.FILE_ERROR_CODE_IO, message="broken"))
    ended = outcome_mapping.outcome_of_exited(exited, spec, [result], (), ("", False))
    assert (ended.reason, ended.detail) == ("io_error", "broken")


def test_failed_file_operation() -> None:
    """What went wrong with a file comes from its result; a path that escapes has its own reason."""
    result = pb.FileResult(error=pb.FileError(code=pb.FILE_ERROR_CODE_PATH_ESCAPES, message="outside"))
    exited = pb.Exited(code=1, reason=pb.EXIT_REASON_FILE_FAILED)
    ended = outcome_mapping.outcome_of_exited(exited, Stat(path=".."), [result], (), ("", False))
    assert (ended.reason, ended.detail, ended.ok) == ("refused_path", "outside", False)


def test_rejections() -> None:
    """A specification that makes no sense is not tried again elsewhere; a worker that drains is."""
    assert not outcome_mapping.outcome_of_rejected(pb.Rejected(code=pb.REJECT_CODE_INVALID_SPEC)).infrastructure
    assert outcome_mapping.outcome_of_rejected(pb.Rejected(code=pb.REJECT_CODE_DRAINING)).infrastructure


def test_outbox_keeps_the_latest_of_a_thing() -> None:
    """A worker that takes nothing costs one acknowledgement per run; a request to resend isn't lost by a later one."""
    outbox = Outbox()
    outbox.acknowledge(pb.Ack(run_id="a", attempt=1, through_event=1, resume_from=2))
    outbox.acknowledge(pb.Ack(run_id="a", attempt=1, through_event=5))
    head = pb.LedgerHead(position=7, digest=b"7" * 32)
    outbox.reply(pb.HeartbeatReply(n=1, ledger_head=head))
    outbox.reply(pb.HeartbeatReply(n=2))
    assert [down.heartbeat_reply for down in outbox.urgent()] == [pb.HeartbeatReply(n=2, ledger_head=head)]
    (down,) = outbox.progress()
    assert [(ack.through_event, ack.resume_from) for ack in down.progress.acks] == [(5, 6)]
    assert list(outbox.progress()) == []


def test_a_large_desired_state_is_split() -> None:
    """A desired state goes in several messages when one would be too large, each with a revision of its own."""
    large = pb.RunSpec(command=pb.Command(stdin=b"x" * 100_000))
    runs = [pb.DesiredRun(run_id=str(number), spec=large) for number in range(5)]
    split = list(split_desired(7, 3, runs))
    assert [desired.revision for desired in split] == [3, 4, 5, 6, 7]
    assert [run.run_id for desired in split for run in desired.runs] == ["0", "1", "2", "3", "4"]
