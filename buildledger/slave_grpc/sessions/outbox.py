"""The messages that a session has yet to send, merged so that a slow worker costs no memory.

Only the latest of each kind is kept: one heartbeat reply, one acknowledgement a run, one desired state an operation.
"""

from collections.abc import Iterator

from buildledger.events.ids import OperationId
from buildledger.grpc_protos.worker.v1 import worker_pb2 as pb
from buildledger.slave_grpc.settings import MESSAGE_BYTES
from buildledger.slave_grpc.state.open_work import OpenOperation

PROGRESS_MAX = 500
"""Most acknowledgements in one message."""

DESIRED_BYTES = MESSAGE_BYTES * 3 // 4


class Outbox:
    """Messages in the order of urgency: heartbeat replies, desired runs, acknowledgements, last messages."""

    def __init__(self) -> None:
        self._reply: pb.HeartbeatReply | None = None
        self._acks: dict[str, pb.Ack] = {}
        self._last: list[pb.Down] = []
        self.desired: dict[OperationId, OpenOperation] = {}
        """Operations whose desired state is to be sent; specs are built at that time only, for they hold secrets."""
        self.abandoned: dict[str, pb.DesiredRun] = {}
        """Runs that the worker is to abandon."""

    @property
    def is_due(self) -> bool:
        """Whether there may be something to send."""
        return bool(self._reply is not None or self._acks or self._last or self.desired or self.abandoned)

    def reply(self, reply: pb.HeartbeatReply) -> None:
        """Queue the reply to a heartbeat; a head of the ledger isn't lost with a reply that it replaces."""
        if self._reply is not None and self._reply.HasField("ledger_head") and not reply.HasField("ledger_head"):
            reply.ledger_head.CopyFrom(self._reply.ledger_head)
        self._reply = reply

    def acknowledge(self, ack: pb.Ack) -> None:
        """Queue how far a run is durable."""
        waiting = self._acks.get(ack.run_id)
        if waiting is not None and waiting.HasField("resume_from") and not ack.HasField("resume_from"):
            ack.resume_from = max(waiting.resume_from, ack.through_event + 1)
        self._acks[ack.run_id] = ack

    def send(self, down: pb.Down) -> None:
        """Queue a message after everything else."""
        self._last.append(down)

    def urgent(self) -> Iterator[pb.Down]:
        """Take the heartbeat reply, if there is one."""
        if self._reply is not None:
            reply, self._reply = self._reply, None
            yield pb.Down(heartbeat_reply=reply)

    def progress(self) -> Iterator[pb.Down]:
        """Take all acknowledgements, in as few messages as are allowed."""
        while self._acks:
            acks = list(self._acks.values())[:PROGRESS_MAX]
            for ack in acks:
                del self._acks[ack.run_id]
            yield pb.Down(progress=pb.Progress(acks=acks))

    def last(self) -> Iterator[pb.Down]:
        """Take the messages that come after everything else."""
        last, self._last = self._last, []
        yield from last


def split_desired(epoch: int, revision: int, runs: list[pb.DesiredRun]) -> Iterator[pb.Desired]:
    """Desired runs in as few messages as their size allows; each message has its own revision, from `revision` on."""
    desired = pb.Desired(epoch=epoch, revision=revision)
    size = 0
    for run in runs:
        size += run.ByteSize()
        if desired.runs and size > DESIRED_BYTES:
            yield desired
            revision, size = revision + 1, run.ByteSize()
            desired = pb.Desired(epoch=epoch, revision=revision)
        desired.runs.append(run)
    if desired.runs:
        yield desired
