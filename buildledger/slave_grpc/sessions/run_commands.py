"""Commands that record what a run did: its operation's end, and its logs."""

import msgspec

from buildledger.domain.build import FinishOperation
from buildledger.domain.log import FinishLog, OpenLog
from buildledger.events.limits import LINE_CHARACTERS, storable
from buildledger.events.log import LogFinished, LogOpened
from buildledger.events.operation import Ended
from buildledger.logs.store import LogDigest
from buildledger.slave_grpc.sessions.runs import Run
from buildledger.slave_grpc.state.open_work import OpenOperation


def finish_operation(operation: OpenOperation, ended: Ended) -> FinishOperation:
    """The end of an operation, with as much of its detail as a fact holds."""
    ended = msgspec.structs.replace(ended, detail=storable(ended.detail, LINE_CHARACTERS))
    return FinishOperation(
        build_id=operation.build_id, operation_id=operation.operation_id, fence=operation.fence, ended=ended
    )


def open_log(run: Run, channel: str) -> OpenLog:
    """A channel of a run has output."""
    operation = run.operation
    return OpenLog(
        log_id=run.log_id(channel),
        opened=LogOpened(
            build_id=operation.build_id,
            step=operation.step,
            operation_id=operation.operation_id,
            channel=channel,
            label=operation.label,
        ),
    )


def finish_log(run: Run, channel: str, digest: LogDigest, *, truncated: bool) -> FinishLog:
    """All output of a channel is stored; `truncated`: the worker had more."""
    return FinishLog(
        log_id=run.log_id(channel),
        finished=LogFinished(
            size_bytes=digest.size_bytes, line_count=digest.line_count, sha256=digest.sha256, truncated=truncated
        ),
    )
