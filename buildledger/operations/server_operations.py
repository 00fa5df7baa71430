"""Performs the server's open operations and records how each ended."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping

import msgspec

from buildledger.config.configurations import Configurations
from buildledger.domain.build import FinishOperation, ReportTests
from buildledger.domain.command import Command
from buildledger.domain.pipeline import DefinePipeline
from buildledger.domain.refusals import Refusal
from buildledger.events.fact import Recorded
from buildledger.events.ids import BuildId, OperationId
from buildledger.events.limits import LINE_CHARACTERS, storable
from buildledger.events.operation import Ended, EndReason, FindArtifact, Mask, ReadGenerated, ReadReports
from buildledger.ledger.errors import LedgerClosed, LedgerUnavailable
from buildledger.ledger.fold_follower import FoldFollower
from buildledger.ledger.ledger import Ledger
from buildledger.ledger.skipping import reason_of, traced
from buildledger.ledger.submission import Origin
from buildledger.logs.artifacts import ArtifactError, ArtifactStore
from buildledger.logs.elsewhere import StoredElsewhereError
from buildledger.operations.find_artifact import ArtifactFinder, ArtifactFinding
from buildledger.operations.open_operations import OpenOperations, ServerOperation
from buildledger.operations.performer import Outcome, Performer
from buildledger.operations.read_generated import GeneratedReading
from buildledger.operations.read_reports import ReportReading

RETRY_SECONDS = 1.0
"""Between two tries of what can't be done or recorded yet."""
AT_ONCE = 2
"""Operations of one kind done at the same time; each kind has its own share, so that none waits for another."""
ELSEWHERE_SECONDS = 30.0
"""How long a missing file may be another server's, which then ends the operation; only then it counts as gone."""

_log = logging.getLogger(__name__)


def performers(
    ledger: Ledger,
    artifacts: ArtifactStore,
    finder: ArtifactFinder,
    configurations: Configurations,
    mask_of: Callable[[BuildId], Mask | None] = lambda build_id: None,
) -> Mapping[type, Performer]:
    """What does each kind of operation, by the type of its specification.

    `mask_of` makes a mask for the secrets of a build; it may block.
    """
    return {
        FindArtifact: ArtifactFinding(finder, artifacts, ledger.head),
        ReadReports: ReportReading(artifacts, mask_of),
        ReadGenerated: GeneratedReading(ledger, configurations),
    }


class ServerOperations:
    """Follows the ledger and does what is open; each operation is a task. Used on one event loop.

    Several servers may do this on one ledger: the first outcome counts, the others are refused or change nothing.
    """

    NAME = "operations"
    VERSION = 3

    def __init__(
        self,
        ledger: Ledger,
        performers: Mapping[type, Performer],
        *,
        elsewhere_seconds: float = 0.0,
        retry_seconds: float = RETRY_SECONDS,
    ) -> None:
        """`elsewhere_seconds`: see `ELSEWHERE_SECONDS`; 0 where this is the only server that stores files."""
        self._ledger = ledger
        self._performers = performers
        self._elsewhere_seconds = elsewhere_seconds
        self._retry_seconds = retry_seconds
        self._open = OpenOperations()
        self._follower = FoldFollower(ledger, self)
        self._tasks: dict[OperationId, tuple[ServerOperation, asyncio.Task[None]]] = {}
        """Of each open operation: what it was like when its task began, and the task."""
        self._shares = {kind: asyncio.Semaphore(AT_ONCE) for kind in performers}

    async def start(self) -> None:
        """Take up all operations that are open; returns when everything recorded so far is known."""
        await self._follower.start()
        self.batch_applied()

    async def stop(self) -> None:
        """Stop, and leave what isn't recorded to the next server."""
        await self._follower.stop()
        tasks = [task for _, task in self._tasks.values()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def restore(self, state: bytes) -> None:
        """See `CheckpointedFold`."""
        self._open = OpenOperations(state)

    def snapshot(self) -> bytes:
        """See `CheckpointedFold`."""
        return self._open.snapshot()

    def apply(self, recorded: Recorded) -> None:
        """See `CheckpointedFold`."""
        self._open.apply(recorded)

    def batch_applied(self) -> None:
        """See `CheckpointedFold`: begin what was requested, and drop what has ended or is to be stopped."""
        for operation_id, (operation, task) in list(self._tasks.items()):
            if self._open.by_id.get(operation_id) != operation:
                task.cancel()
                del self._tasks[operation_id]
        for operation_id, operation in self._open.by_id.items():
            if operation_id not in self._tasks:
                task = asyncio.create_task(self._do(operation), name=f"operation {operation_id}")
                self._tasks[operation_id] = operation, task

    async def _do(self, operation: ServerOperation) -> None:
        """Do one operation until its outcome is recorded, whatever goes wrong."""
        if operation.stop_reason is not None:
            outcome = Outcome(ended=Ended(reason=EndReason.CANCEL, detail=operation.stop_reason))
        else:
            outcome = await self._perform(operation)
        while not await self._is_recorded(operation, outcome):
            outcome = Outcome(ended=_fault("its outcome can't be recorded"))
            await asyncio.sleep(self._retry_seconds)

    async def _perform(self, operation: ServerOperation) -> Outcome:
        loop = asyncio.get_running_loop()
        given_up_at = loop.time() + self._elsewhere_seconds
        while True:
            try:
                performer = self._performers[type(operation.spec)]
                async with self._shares[type(operation.spec)]:
                    return await asyncio.to_thread(performer.perform, operation)
            except TimeoutError as error:
                _log.warning("operation %s has to wait: %s", operation.operation_id, error)
            except FileNotFoundError:
                if loop.time() >= given_up_at:
                    return Outcome(ended=Ended(reason=EndReason.NO_FILE, detail="what was uploaded is kept no longer"))
            except StoredElsewhereError as error:
                if loop.time() >= given_up_at:
                    return Outcome(ended=Ended(reason=EndReason.IO_ERROR, detail=str(error)))
            except (ArtifactError, OSError) as error:
                return Outcome(ended=Ended(reason=EndReason.IO_ERROR, detail=str(error)))
            except Exception as error:
                said = (operation.operation_id, reason_of(error))
                _log.error("operation %s failed: %s", *said, exc_info=traced(error))
                return Outcome(ended=_fault(type(error).__name__))
            await asyncio.sleep(self._retry_seconds)

    async def _is_recorded(self, operation: ServerOperation, outcome: Outcome) -> bool:
        """Record an outcome, however long the ledger is away; False if the ledger doesn't accept it."""
        commands = commands_of(operation, outcome)
        origin = Origin(actor="system", causation_id=operation.causation_id, correlation_id=operation.correlation_id)
        while True:
            try:
                recorded = await self._ledger.execute(*commands, origin=origin)
            except LedgerClosed:
                return True  # the operation stays open, for the next server
            except LedgerUnavailable as error:
                _log.warning("the outcome of operation %s has to wait: %s", operation.operation_id, error)
                await asyncio.sleep(self._retry_seconds)
            except Refusal as refusal:
                _log.warning("the outcome of operation %s is refused: %s", operation.operation_id, refusal)
                await self._follower.reached(self._ledger.head())
                return operation.operation_id not in self._open.by_id
            except Exception as error:
                said = (operation.operation_id, reason_of(error))
                _log.error("the outcome of operation %s can't be recorded: %s", *said, exc_info=traced(error))
                return False
            else:
                await self._follower.reached(recorded.position)
                return True


def commands_of(operation: ServerOperation, outcome: Outcome) -> list[Command]:
    """What records an outcome, in one transaction."""
    build_id, operation_id = operation.build_id, operation.operation_id
    ended = msgspec.structs.replace(outcome.ended, detail=storable(outcome.ended.detail, LINE_CHARACTERS))
    finish = FinishOperation(build_id=build_id, operation_id=operation_id, fence=operation.fence, ended=ended)
    return [
        *(DefinePipeline(definition=pipeline) for pipeline in outcome.pipelines),
        *(ReportTests(build_id=build_id, report=report) for report in outcome.reports),
        finish,
    ]


def _fault(cause: str) -> Ended:
    """The end by a fault of Build Ledger itself, of which only the log says more: a text may hold what is secret."""
    return Ended(reason=EndReason.IO_ERROR, detail=f"a fault of Build Ledger ({cause}): see the server's log")
