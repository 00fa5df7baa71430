"""From a run's last event to how its operation ended."""

from collections.abc import Sequence

from buildledger.events.limits import FRACTION_MAX, LINE_CHARACTERS, storable
from buildledger.events.operation import Download, Ended, EndReason, OperationSpec, OutputTotal, Stat, Upload
from buildledger.grpc_protos.worker.v1 import worker_pb2 as pb

CAPTURED_CHARACTERS = 1 << 20
"""Of captured output; a text with many bytes that can't be kept grows when they are escaped."""

_REASONS = {
    pb.EXIT_REASON_NO_OUTPUT: EndReason.NO_OUTPUT,
    pb.EXIT_REASON_MAX_TIME: EndReason.MAX_TIME,
    pb.EXIT_REASON_LOG_LIMIT: EndReason.LOG_LIMIT,
    pb.EXIT_REASON_CANCEL: EndReason.CANCEL,
    pb.EXIT_REASON_WORKER_SHUTDOWN: EndReason.WORKER_SHUTDOWN,
    pb.EXIT_REASON_INTERRUPTED: EndReason.INTERRUPTED,
    pb.EXIT_REASON_START_UNKNOWN: EndReason.START_UNKNOWN,
    pb.EXIT_REASON_START_FAILED: EndReason.START_FAILED,
    pb.EXIT_REASON_ABANDONED: EndReason.LOST,
    pb.EXIT_REASON_ORPHANED: EndReason.LOST,
    pb.EXIT_REASON_STORAGE: EndReason.IO_ERROR,
    pb.EXIT_REASON_FILE_FAILED: EndReason.IO_ERROR,
}

_REJECTIONS = {
    pb.REJECT_CODE_INVALID_SPEC: EndReason.START_FAILED,
    pb.REJECT_CODE_PATH_ESCAPES: EndReason.REFUSED_PATH,
    pb.REJECT_CODE_STOPPED_BEFORE_START: EndReason.CANCEL,
}
"""All others are `rejected`: another worker, or a later time, may do."""

_KINDS = {pb.FILE_TYPE_REGULAR: "file", pb.FILE_TYPE_DIRECTORY: "directory", pb.FILE_TYPE_SYMLINK: "link"}


def outcome_of_rejected(event: pb.Rejected) -> Ended:
    """The outcome of an operation that the worker refused to start."""
    return Ended(
        reason=_REJECTIONS.get(event.code, EndReason.REJECTED), detail=storable(event.message, LINE_CHARACTERS)
    )


def outcome_of_exited(
    event: pb.Exited,
    spec: OperationSpec,
    files: Sequence[pb.FileResult],
    outputs: tuple[OutputTotal, ...],
    captured: tuple[str, bool],
) -> Ended:
    """The outcome of an operation that the worker started.

    `captured` is the beginning of its output, and whether it was cut off.
    """
    failure = next((result.error for result in files if result.HasField("error")), None)
    reason, said = _reason(event), event.message
    if failure is not None and failure.code == pb.FILE_ERROR_CODE_PATH_ESCAPES:
        reason = EndReason.REFUSED_PATH
    elif failure is not None and isinstance(spec, Upload | Download):
        listed = [entry for result in files for entry in result.entries if entry.path == failure.path]
        is_odd = any(entry.type == pb.FILE_TYPE_OTHER for entry in listed)
        reason = EndReason.NOT_A_FILE if is_odd else _transfer_reason(failure, reason)
    if failure is not None and reason == EndReason.EXITED:
        reason = EndReason.IO_ERROR
    if reason == EndReason.EXITED and (contradiction := _contradiction(event, spec, files, outputs)):
        reason, said = EndReason.INCONSISTENT, f"{contradiction}; it says: {said}" if said else contradiction
    text, truncated = captured
    return Ended(
        reason=reason,
        exit_code=event.code if event.WhichOneof("status") == "code" else None,
        signal=event.signal if event.WhichOneof("status") == "signal" else None,
        detail=storable(_detail(said, failure), LINE_CHARACTERS),
        text=_kind(files) if isinstance(spec, Stat) else storable(text, CAPTURED_CHARACTERS),
        text_truncated=truncated,
        survivors_killed=len(event.survivors_killed),
        outputs=outputs,
        duration_seconds=min(max(0.0, event.ran_for.seconds + event.ran_for.nanos / 1e9), FRACTION_MAX),
    )


def _detail(said: str, failure: pb.FileError | None) -> str:
    """What the worker says, with the file that it is about."""
    if failure is None:
        return said
    path, text = failure.path.decode("utf-8", "backslashreplace"), said or failure.message
    return f"{path}: {text}" if path and path not in text else text


def _reason(event: pb.Exited) -> EndReason:
    if event.reason in (pb.EXIT_REASON_UNSPECIFIED, pb.EXIT_REASON_COMPLETED):
        return EndReason.SIGNALLED if event.WhichOneof("status") == "signal" else EndReason.EXITED
    return _REASONS.get(event.reason, EndReason.INCONSISTENT)


def _contradiction(
    event: pb.Exited, spec: OperationSpec, files: Sequence[pb.FileResult], outputs: Sequence[OutputTotal]
) -> str:
    """Why an end that the worker calls orderly can't be believed; empty if it can."""
    if event.WhichOneof("status") is None:
        return "the worker says that it ended, with neither an exit code nor a signal"
    if event.code:
        return ""
    if isinstance(spec, Stat | Upload) and not files:
        return "the worker says that it is done, without what it found"
    stored = {total.channel: total for total in outputs}
    for total in event.output_totals:
        here = stored.get(total.channel)
        size = 0 if here is None else here.size_bytes
        if size != total.bytes:
            return f"the worker says that it sent {total.bytes} bytes of {total.channel}, and {size} are stored"
        if here is not None and total.sha256.hex() not in ("", here.sha256):
            return f"what is stored of {total.channel} isn't what the worker says that it sent: the digests differ"
    untold = sorted(stored.keys() - {total.channel for total in event.output_totals})
    return (
        f"the worker says nothing of the {stored[untold[0]].size_bytes} bytes of {untold[0]} stored" if untold else ""
    )


def _transfer_reason(failure: pb.FileError, otherwise: EndReason) -> EndReason:
    """The reason why a transfer failed; `otherwise` where the file has no part in it."""
    match failure.code:
        case pb.FILE_ERROR_CODE_TOO_LARGE | pb.FILE_ERROR_CODE_OVER_QUOTA:
            return EndReason.TOO_LARGE
        case pb.FILE_ERROR_CODE_NOT_FOUND:
            return EndReason.NO_FILE
        case _:
            return otherwise


def _kind(files: Sequence[pb.FileResult]) -> str:
    entries = [entry for result in files for entry in result.entries]
    return _KINDS.get(entries[0].type, "other") if entries else "missing"
