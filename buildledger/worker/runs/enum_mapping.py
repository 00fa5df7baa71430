"""Between the protocol's enums and the names that supervisors use for the same things."""

from buildledger.grpc_protos.worker.v1 import worker_pb2 as pb

_LEVELS = {name.removeprefix("STOP_LEVEL_").lower(): value for name, value in pb.StopLevel.items()}
_REASONS = {name.removeprefix("EXIT_REASON_").lower(): value for name, value in pb.ExitReason.items()}
_FAILURES = {name.removeprefix("START_FAILURE_").lower(): value for name, value in pb.StartFailure.items()}


def level_name(level: pb.StopLevel.ValueType) -> str:
    """The supervisors' name of a stop level."""
    return pb.StopLevel.Name(level).removeprefix("STOP_LEVEL_").lower()


def level_named(name: str) -> pb.StopLevel.ValueType:
    """The stop level of a supervisors' name."""
    return _LEVELS.get(name, pb.STOP_LEVEL_UNSPECIFIED)


def reason_name(reason: pb.ExitReason.ValueType) -> str:
    """The supervisors' name of an exit reason."""
    return pb.ExitReason.Name(reason).removeprefix("EXIT_REASON_").lower()


def reason_named(name: str) -> pb.ExitReason.ValueType:
    """The exit reason of a supervisors' name."""
    return _REASONS.get(name, pb.EXIT_REASON_UNSPECIFIED)


def failure_named(name: str) -> pb.StartFailure.ValueType:
    """The start failure of a supervisors' name."""
    return _FAILURES.get(name, pb.START_FAILURE_OTHER)
