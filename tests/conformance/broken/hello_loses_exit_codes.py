"""Tells of every run that it ended with code 0."""

from buildledger.grpc_protos.worker.v1 import worker_pb2 as pb
from buildledger.worker.command_line import main
from buildledger.worker.runs.attempt import Attempt

sound = Attempt.exit


def unsound(self: Attempt, exited: pb.Exited) -> None:
    if exited.WhichOneof("status") == "code":
        exited.code = 0
    sound(self, exited)


Attempt.exit = unsound  # type: ignore[method-assign]
main()
