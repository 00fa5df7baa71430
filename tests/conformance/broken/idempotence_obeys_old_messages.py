"""Does what every message says, however old it is."""

from buildledger.grpc_protos.worker.v1 import worker_pb2 as pb
from buildledger.worker.__main__ import main
from buildledger.worker.session.attempt_registry import Holdings

sound = Holdings.apply


def unsound(self: Holdings, desired: pb.Desired) -> None:
    self._seen = (0, 0)
    sound(self, desired)


Holdings.apply = unsound  # type: ignore[method-assign]
main()
