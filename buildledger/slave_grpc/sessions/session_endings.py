"""Why a session can't go on, whatever its worker does, and what the worker is told then."""

from buildledger.events.ids import ServerId
from buildledger.events.worker import DisconnectReason
from buildledger.grpc_protos.worker.v1 import worker_pb2 as pb
from buildledger.slave_grpc.settings import RETRY_SECONDS
from buildledger.slave_grpc.state.open_work import Changes
from buildledger.slave_grpc.wire.status import error

Ending = tuple[DisconnectReason, pb.Down]
"""The reason that is recorded, and the last message to the worker."""

SUPERSEDED = DisconnectReason.SUPERSEDED
"""The reason of a session whose worker has another one, or whose server counts as lost: no end of it is recorded."""


def reason_to_end(worker: str, epoch: int, changes: Changes, server_id: ServerId) -> Ending | None:
    """What ends the session of this server; None: it goes on."""
    connection = changes.connected.get(worker)
    if connection is not None and connection.epoch > epoch and connection.server_id != server_id:
        return SUPERSEDED, superseded()
    if connection is None and changes.disconnected.get(worker, 0) >= epoch:
        return SUPERSEDED, _held_for_dead()
    if worker in changes.revoked | changes.expired:
        return end_of_credential(expired=worker not in changes.revoked)
    return None


def end_of_credential(*, expired: bool) -> Ending:
    """What ends the session of a worker whose credential has expired, or was revoked."""
    if expired:
        return DisconnectReason.EXPIRED, _credential_message("has expired:")
    text = "was revoked: remove credential.json from its state directory and"
    return DisconnectReason.REVOKED, _credential_message(text)


def superseded() -> pb.Down:
    """What the worker of an earlier session is told."""
    return error(pb.ERROR_CODE_SUPERSEDED, "a later session of this worker took over")


def _held_for_dead() -> pb.Down:
    text = "others hold this server for dead, which was cut off from its database: connect again"
    return error(pb.ERROR_CODE_UNAVAILABLE, text, retry_seconds=RETRY_SECONDS)


def _credential_message(how: str) -> pb.Down:
    text = f"the worker's credential {how} start it with a new token from `buildledger token`"
    return error(pb.ERROR_CODE_UNAUTHENTICATED, text, fatal=True)
