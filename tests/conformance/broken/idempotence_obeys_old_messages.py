"""Does what every message says, however old it is."""

from buildledger.grpc_protos.worker.v1 import worker_pb2 as pb
from buildledger.worker.command_line import main
from buildledger.worker.session.attempt_registry import AttemptRegistry

sound = AttemptRegistry.apply


def unsound(self: AttemptRegistry, desired: pb.Desired) -> None:
    self._seen = (0, 0)
    sound(self, desired)


AttemptRegistry.apply = unsound  # type: ignore[method-assign]
main()
