"""What sessions have the ledger record of their workers, beside what comes of runs."""

from buildledger.domain.worker import DisconnectWorker, PauseWorker
from buildledger.events.limits import LINE_CHARACTERS, storable
from buildledger.events.worker import DisconnectReason, PausedBy
from buildledger.ledger.ledger import Ledger
from buildledger.ledger.submission import Origin


async def disconnect(ledger: Ledger, worker: str, epoch: int, reason: DisconnectReason) -> None:
    """Record that a session has ended; a later one of the worker isn't concerned."""
    await ledger.execute(DisconnectWorker(worker=worker, epoch=epoch, reason=reason), origin=Origin(actor="system"))


async def pause(ledger: Ledger, worker: str, reason: str) -> None:
    """Record that a worker wants no more builds."""
    await ledger.execute(
        PauseWorker(worker=worker, by=PausedBy.WORKER, reason=storable(reason, LINE_CHARACTERS)),
        origin=Origin(actor=f"worker:{worker}"),
    )
