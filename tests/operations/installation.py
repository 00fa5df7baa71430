"""A ledger and an artifact store, over which server operations start, stop and start again; no worker anywhere."""

import asyncio
import threading
from collections.abc import Mapping
from pathlib import Path
from typing import TypeVar

from buildledger.clock import SystemClock
from buildledger.config.configurations import Configurations
from buildledger.domain.build import AssignBuild, RequestOperation, StartStep
from buildledger.domain.command import Command
from buildledger.events.answers import FoundArtifact
from buildledger.events.build import BuildAssigned, OperationFinished
from buildledger.events.fact import Fact
from buildledger.events.ids import BuildId, OperationId, build_id, operation_id, request_id
from buildledger.events.operation import Ended, FindArtifact, OperationSpec, ReadReports
from buildledger.ledger.ledger import Ledger
from buildledger.ledger.submission import Origin
from buildledger.logs.artifacts_local import LocalArtifactStore
from buildledger.logs.artifacts_manifest import Entry, Manifest
from buildledger.operations.open_operations import ServerOperation
from buildledger.operations.performer import Outcome, Performer
from buildledger.operations.server_operations import ServerOperations, performers
from buildledger.projections.artifact_search import NoArtifactError

PATIENCE_SECONDS = 30.0
RETRY_SECONDS = 0.01
FENCE = 7

SomeFact = TypeVar("SomeFact", bound=Fact)


class KnownArtifacts:
    """A finder that knows artifacts by name."""

    def __init__(self) -> None:
        self.known: dict[str, FoundArtifact] = {}

    def find(self, wanted: FindArtifact, build_id: BuildId, position: int) -> FoundArtifact:
        try:
            return self.known[wanted.artifact]
        except KeyError:
            raise NoArtifactError(f"nothing keeps an artifact {wanted.artifact!r}") from None


class BlockedPerformer:
    """A performer whose thread waits until it is released."""

    def __init__(self) -> None:
        self.begun = threading.Event()
        self.released = threading.Event()
        self.count = 0

    def perform(self, operation: ServerOperation) -> Outcome:
        self.count += 1
        self.begun.set()
        assert self.released.wait(PATIENCE_SECONDS)
        return Outcome(ended=Ended(reason="exited", exit_code=0, text="late"))


class Installation:
    """Stores in a directory; `start` begins server operations over them."""

    def __init__(self, directory: Path) -> None:
        self.ledger = Ledger.open(f"sqlite:///{directory / 'ledger.db'}", clock=SystemClock())
        self.artifacts = LocalArtifactStore(directory / "artifacts")
        self.finder = KnownArtifacts()
        self._builds = 0
        self._running: list[ServerOperations] = []

    async def start(
        self, replaced: Mapping[type, Performer] | None = None, elsewhere_seconds: float = 0.0
    ) -> ServerOperations:
        """Begin server operations, with other performers for some kinds."""
        operations = ServerOperations(
            self.ledger,
            {
                **performers(self.ledger, self.artifacts, self.finder, Configurations(self.ledger.at)),
                **(replaced or {}),
            },
            elsewhere_seconds=elsewhere_seconds,
            retry_seconds=RETRY_SECONDS,
        )
        await operations.start()
        self._running.append(operations)
        return operations

    async def close(self) -> None:
        """End everything."""
        for operations in self._running:
            await operations.stop()
        self.ledger.close()

    async def execute(self, *commands: Command) -> None:
        """Execute commands."""
        await self.ledger.execute(*commands, origin=Origin(actor="system"))

    async def build(self) -> BuildId:
        """A build whose first step runs, on a worker that nobody has ever seen."""
        self._builds += 1
        request = request_id("test", self._builds)
        build = build_id(request, 1)
        assignment = BuildAssigned(
            builder="tests",
            requests=(request,),
            attempt=1,
            worker="bob",
            fence=FENCE,
            stamps=(),
            reason="test",
            requested_by="test",
            config_digest="",
        )
        await self.execute(
            AssignBuild(build_id=build, assignment=assignment),
            StartStep(build_id=build, step=0, name="step", program="run", program_version=1),
        )
        return build

    async def request(self, spec: OperationSpec, build: BuildId | None = None, number: int = 0) -> OperationId:
        """Ask for an operation of a step that always runs, of a build of its own unless one is given."""
        build = build or await self.build()
        operation = operation_id(build, 0, number)
        request = RequestOperation(
            build_id=build, operation_id=operation, step=0, label="x", spec=spec, always_run=True
        )
        await self.execute(request)
        return operation

    async def ended(self, operation: OperationId) -> Ended:
        """How an operation ended; waits for it."""
        async with asyncio.timeout(PATIENCE_SECONDS):
            async for batch in self.ledger.tail().after(0):
                for recorded in batch:
                    fact = recorded.fact
                    if isinstance(fact, OperationFinished) and fact.operation_id == operation:
                        return fact.ended
        raise AssertionError("the ledger was closed")

    def facts(self, kind: type[SomeFact]) -> list[SomeFact]:
        """All facts of a kind."""
        return [one.fact for one in self.ledger.read(0, 1_000_000, [kind.NAME]) if isinstance(one.fact, kind)]

    def reports(self, **files: str) -> ReadReports:
        """Store JUnit reports; returns the operation that reads them."""
        entries = []
        for name, text in files.items():
            sha256 = self.artifacts.put(text.encode())
            entries.append(Entry(path=f"{name}.xml", type="file", mode=0o644, size=len(text.encode()), sha256=sha256))
        return ReadReports(format="junit", manifest=self.artifacts.put(Manifest.of(entries).encode()))
