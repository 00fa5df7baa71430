"""Makes the Exited event of a supervised command."""

from typing import Any

from google.protobuf.duration_pb2 import Duration

from buildledger.grpc_protos.worker.v1 import worker_pb2 as pb
from buildledger.worker.processes.tree import Survivor
from buildledger.worker.runs.attempt import Attempt
from buildledger.worker.runs.enum_mapping import failure_named, reason_named
from buildledger.worker.runs.follower import Follower

KILLED = "its supervisor was killed"
_UNKNOWN = "the worker was restarted while it was started"
_LOST = "the machine crashed before all of its output was on the disk"
_STATUS_UNKNOWN = "its supervisor has written down neither an exit code nor a signal"


def interrupted(attempt: Attempt, follower: Follower, survivors: list[Survivor]) -> pb.Exited:
    """The event of a command whose supervisor was killed, or could write nothing more down.

    `survivors` are its processes that were killed then.
    """
    is_known = follower.root is not None
    reason = pb.EXIT_REASON_INTERRUPTED if is_known else pb.EXIT_REASON_START_UNKNOWN
    return pb.Exited(
        reason=pb.EXIT_REASON_STORAGE if follower.trouble else reason,
        message=follower.trouble or (KILLED if is_known else _UNKNOWN),
        survivors_killed=[pb.Survivor(pid=each.pid, name=each.name) for each in survivors],
        output_totals=_totals(attempt, {}),
    )


def exited_of(attempt: Attempt, exit_: dict[str, Any], follower: Follower) -> pb.Exited:
    """The event that a supervisor's record of the end amounts to."""
    totals = exit_.get("totals", [])
    digests = {each["channel"]: bytes.fromhex(each["sha256"]) for each in totals} if follower.has_all(totals) else {}
    exited = pb.Exited(
        reason=reason_named(exit_["reason"]),
        message=exit_.get("message", ""),
        survivors_killed=[pb.Survivor(pid=each["pid"], name=each["name"]) for each in exit_.get("survivors") or []],
        output_totals=_totals(attempt, digests),
    )
    if exited.reason == pb.EXIT_REASON_START_FAILED:
        exited.start_failure = failure_named(exit_.get("start_failure", ""))
    if exit_.get("code") is not None:
        exited.code = exit_["code"]
    elif exit_.get("signal") is not None:
        exited.signal = exit_["signal"]
    for name in ("ran_for", "user_cpu", "system_cpu"):
        if (seconds := exit_.get(name)) is not None:
            getattr(exited, name).CopyFrom(_duration(seconds))
    if follower.trouble:
        exited.reason, exited.message = pb.EXIT_REASON_STORAGE, follower.trouble
    elif not follower.has_all(totals):
        exited.reason, exited.message = pb.EXIT_REASON_INTERRUPTED, _LOST
    elif exited.reason == pb.EXIT_REASON_UNSPECIFIED:
        exited.reason = pb.EXIT_REASON_INTERRUPTED
        exited.message = f"its supervisor gives a reason that this worker doesn't know: {exit_['reason']!r}"
    elif exited.reason == pb.EXIT_REASON_COMPLETED and exited.WhichOneof("status") is None:
        exited.reason, exited.message = pb.EXIT_REASON_INTERRUPTED, _STATUS_UNKNOWN
    return exited


def _totals(attempt: Attempt, digests: dict[int, bytes]) -> list[pb.OutputTotal]:
    journal = attempt.journal
    return [
        pb.OutputTotal(channel=name, bytes=end, sha256=digests.get(index, b""))
        for index, (name, end) in enumerate(zip(journal.header.channels, journal.offsets, strict=True))
        if end
    ]


def not_started(failure: pb.StartFailure.ValueType, message: str) -> pb.Exited:
    """The event of a command that couldn't be started."""
    return pb.Exited(reason=pb.EXIT_REASON_START_FAILED, start_failure=failure, message=message)


def _duration(seconds: float) -> Duration:
    whole = int(seconds)
    return Duration(seconds=whole, nanos=int((seconds - whole) * 1e9))
