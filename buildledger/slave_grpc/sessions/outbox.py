"""What a session still has to tell its worker, merged so that a slow worker costs no memory.

Only the latest of a thing is kept: one acknowledgement per run, one reply, one wish per operation.
"""

from collections.abc import Iterator

from buildledger.events.ids import OperationId
from buildledger.grpc_protos.worker.v1 import worker_pb2 as pb
from buildledger.slave_grpc.settings import MESSAGE_BYTES
from buildledger.slave_grpc.state.open_work import OpenOperation

PROGRESS_MAX = 500
"""Acknowledgements in one message."""

DESIRED_BYTES = MESSAGE_BYTES * 3 // 4


class Outbox:
    """Things to send, in the order of their urgency: replies, wishes, progress, goodbyes."""

    def __init__(self) -> None:
        self._reply: int | None = None
        self._acks: dict[str, pb.Ack] = {}
        self._last: list[pb.Down] = []
        self.wanted: dict[OperationId, OpenOperation] = {}
        """Operations whose state the worker is to be told; specs are made when they are sent, for they hold secrets."""
        self.abandoned: dict[str, pb.DesiredRun] = {}
        """Runs that the ledger has given up."""

    @property
    def is_due(self) -> bool:
        """Whether there may be something to send."""
        return bool(self._reply is not None or self._acks or self._last or self.wanted or self.abandoned)

    def reply(self, number: int) -> None:
        """Answer a heartbeat."""
        self._reply = number

    def acknowledge(self, ack: pb.Ack) -> None:
        """Say how far a run is durable."""
        waiting = self._acks.get(ack.run_id)
        if waiting is not None and waiting.HasField("resume_from") and not ack.HasField("resume_from"):
            ack.resume_from = max(waiting.resume_from, ack.through_event + 1)
        self._acks[ack.run_id] = ack

    def say(self, down: pb.Down) -> None:
        """Send a message after everything else."""
        self._last.append(down)

    def urgent(self) -> Iterator[pb.Down]:
        """Replies that are due."""
        if self._reply is not None:
            number, self._reply = self._reply, None
            yield pb.Down(heartbeat_reply=pb.HeartbeatReply(n=number))

    def progress(self) -> Iterator[pb.Down]:
        """Acknowledgements that are due."""
        while self._acks:
            acks = list(self._acks.values())[:PROGRESS_MAX]
            for ack in acks:
                del self._acks[ack.run_id]
            yield pb.Down(progress=pb.Progress(acks=acks))

    def last(self) -> Iterator[pb.Down]:
        """What is to be said after everything else."""
        said, self._last = self._last, []
        yield from said


def split_desired(epoch: int, revision: int, runs: list[pb.DesiredRun]) -> Iterator[pb.Desired]:
    """Wishes in as few messages as their size allows, each with a revision of its own, beginning at `revision`."""
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
