"""From the domain's refusals to gRPC statuses and the protocol's error codes, for the whole room."""

import grpc

from buildledger.domain.refusals import (
    DuplicateWorkerRefusal,
    LimitRefusal,
    Refusal,
    TokenRefusal,
    WorkerNotEnrolledRefusal,
)
from buildledger.grpc_protos.worker.v1 import worker_pb2 as pb


def error(
    code: pb.ErrorCode.ValueType, message: str, *, fatal: bool = False, retry_seconds: float | None = None
) -> pb.Down:
    """The last message of a session that the server ends; `retry_seconds` is how long the worker should wait."""
    down = pb.Down(error=pb.Error(code=code, fatal=fatal, message=message))
    if retry_seconds is not None:
        down.error.retry_after.FromMilliseconds(int(retry_seconds * 1000))
    return down


def session_error(refusal: Refusal, *, retry_seconds: float) -> pb.Down:
    """The message for a worker that isn't admitted; `retry_seconds` is sent where the cause passes by itself."""
    match refusal:
        case WorkerNotEnrolledRefusal():
            return error(pb.ERROR_CODE_UNAUTHENTICATED, str(refusal), fatal=True)
        case DuplicateWorkerRefusal():
            return error(pb.ERROR_CODE_DUPLICATE_NAME, str(refusal), retry_seconds=retry_seconds)
        case LimitRefusal():
            return error(pb.ERROR_CODE_PROTOCOL_VIOLATION, str(refusal), fatal=True)
        case _:
            return error(pb.ERROR_CODE_UNAVAILABLE, str(refusal), retry_seconds=retry_seconds)


def status_of(refusal: Refusal) -> grpc.StatusCode:
    """The status of a call that the domain refused."""
    match refusal:
        case TokenRefusal() | WorkerNotEnrolledRefusal():
            return grpc.StatusCode.UNAUTHENTICATED
        case DuplicateWorkerRefusal():
            return grpc.StatusCode.ALREADY_EXISTS
        case LimitRefusal():
            return grpc.StatusCode.INVALID_ARGUMENT
        case _:
            return grpc.StatusCode.FAILED_PRECONDITION
