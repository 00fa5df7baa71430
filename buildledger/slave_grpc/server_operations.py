"""Operations that the server does itself, for the build's worker: choosing an artifact, reading test reports.

They are asked for and answered like any other, so each outcome is a fact and a replay finds it. Doing one twice is
harmless: only the first answer counts.
"""

import asyncio
import logging
from collections.abc import Iterator, Sequence
from typing import Protocol

import msgspec

from buildledger.domain.build import FinishOperation, ReportTests
from buildledger.domain.command import Command
from buildledger.domain.refusals import Refusal
from buildledger.events.build import TestResult, TestsReported
from buildledger.events.ids import BuildId, OperationId
from buildledger.events.operation import Ended, FindArtifact, ReadReports
from buildledger.ledger.errors import LedgerUnavailable
from buildledger.ledger.ledger import Ledger
from buildledger.ledger.submission import Origin
from buildledger.logs.artifacts import ArtifactStore, read_whole
from buildledger.logs.artifacts_manifest import Entry, Manifest, ManifestError
from buildledger.projections.artifact_search import FoundArtifact, NoArtifactError
from buildledger.reports import limits
from buildledger.reports.bad import BadReportError
from buildledger.reports.gathering import Budget, Totals, parts
from buildledger.reports.reading import read
from buildledger.slave_grpc.settings import RETRY_SECONDS
from buildledger.slave_grpc.state.open_work import OpenOperation

_log = logging.getLogger(__name__)
_encoder = msgspec.json.Encoder()


class ArtifactFinder(Protocol):
    """Chooses artifacts: `projections.artifact_search.ArtifactSearch` does."""

    def find(self, wanted: FindArtifact, build_id: BuildId, position: int) -> FoundArtifact:
        """Blocks. Raises: NoArtifactError, TimeoutError."""
        ...


class ServerOperations:
    """Does them one after the other, each in a thread: reports can be large."""

    def __init__(self, ledger: Ledger, artifacts: ArtifactStore, finder: ArtifactFinder | None) -> None:
        """Without a `finder` no artifact is ever found."""
        self._ledger = ledger
        self._artifacts = artifacts
        self._finder = finder
        self._at_work: dict[OperationId, asyncio.Task[None]] = {}
        self._one = asyncio.Semaphore(1)

    def do(self, operation: OpenOperation) -> None:
        """Do it and record how it ended, unless it is being done already."""
        if operation.operation_id not in self._at_work:
            task = asyncio.create_task(
                self._until_recorded(operation), name=f"server operation {operation.operation_id}"
            )
            self._at_work[operation.operation_id] = task
            task.add_done_callback(lambda _: self._at_work.pop(operation.operation_id, None))

    async def stop(self) -> None:
        """Leave the rest to the next server: what isn't recorded is still asked for."""
        tasks = list(self._at_work.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _until_recorded(self, operation: OpenOperation) -> None:
        while True:
            async with self._one:
                if await self._done(operation):
                    return
            await asyncio.sleep(RETRY_SECONDS)

    async def _done(self, operation: OpenOperation) -> bool:
        """Whether it was recorded; otherwise it has to be tried again."""
        try:
            reports, ended = await asyncio.to_thread(self._outcome, operation)
            await self._record(operation, reports, ended)
        except (TimeoutError, LedgerUnavailable) as error:
            _log.warning("operation %s has to wait: %s", operation.operation_id, error)
            return False
        except Exception:
            _log.exception("operation %s failed", operation.operation_id)
            await self._record(operation, (), Ended(reason="io_error", detail="a fault of Build Ledger: see its log"))
        return True

    def _outcome(self, operation: OpenOperation) -> tuple[Sequence[TestsReported], Ended]:
        try:
            match operation.spec:
                case FindArtifact():
                    return (), self._find(operation, operation.spec)
                case ReadReports():
                    return self._read(operation, operation.spec)
                case _:
                    raise TypeError(f"a worker does {type(operation.spec).__name__}")
        except FileNotFoundError:
            return (), Ended(reason="no_file", detail="what was uploaded is kept no longer")
        except (ManifestError, OSError) as error:
            return (), Ended(reason="io_error", detail=str(error))

    def _find(self, operation: OpenOperation, wanted: FindArtifact) -> Ended:
        if self._finder is None:
            return Ended(reason="no_file", detail="this server can't look for artifacts")
        try:
            found = self._finder.find(wanted, operation.build_id, self._ledger.head())
        except NoArtifactError as error:
            return Ended(reason="no_file", detail=str(error))
        if found.directory:
            pages = len(Manifest.load(self._artifacts, found.sha256).pages())
            found = msgspec.structs.replace(found, pages=pages)
        detail = f"{found.builder} #{found.number}"
        return Ended(reason="exited", exit_code=0, detail=detail, text=_encoder.encode(found).decode())

    def _read(self, operation: OpenOperation, wanted: ReadReports) -> tuple[Sequence[TestsReported], Ended]:
        files = Manifest.load(self._artifacts, wanted.manifest).files
        if len(files) > limits.REPORTS:
            return (), Ended(reason="too_large", detail=f"{len(files)} reports; a step may have {limits.REPORTS}")
        totals, budget = Totals(), Budget()
        facts: list[TestsReported] = []
        for file in files:
            try:
                results = self._results(file, wanted)
            except BadReportError as error:
                return facts, Ended(reason="bad_report", detail=f"{file.path}: {error}")
            totals.add(results)
            facts += _facts(operation, wanted, file.path, len(facts), *budget.admit(results))
        return facts, Ended(reason="exited", exit_code=0, text=_encoder.encode(totals).decode())

    def _results(self, file: Entry, wanted: ReadReports) -> Sequence[TestResult]:
        if file.size > limits.REPORT_BYTES:
            raise BadReportError(f"{file.size} bytes; a report may have {limits.REPORT_BYTES}")
        return read(wanted.format, read_whole(self._artifacts, file.sha256))

    async def _record(self, operation: OpenOperation, reports: Sequence[TestsReported], ended: Ended) -> None:
        build = operation.build_id
        commands: list[Command] = [ReportTests(build_id=build, report=report) for report in reports]
        commands.append(
            FinishOperation(build_id=build, operation_id=operation.operation_id, fence=operation.fence, ended=ended)
        )
        origin = Origin(actor="system", causation_id=operation.causation_id, correlation_id=operation.correlation_id)
        try:
            await self._ledger.execute(*commands, origin=origin)
        except Refusal as refusal:
            _log.info("operation %s: %s", operation.operation_id, refusal)


def _facts(
    operation: OpenOperation,
    wanted: ReadReports,
    path: str,
    first_part: int,
    results: Sequence[TestResult],
    omitted: int,
) -> Iterator[TestsReported]:
    for number, piece in enumerate(parts(results)):
        yield TestsReported(
            operation_id=operation.operation_id,
            step=operation.step,
            report=path,
            part=first_part + number,
            format=wanted.format,
            results=piece,
            omitted=0 if number else omitted,
        )
