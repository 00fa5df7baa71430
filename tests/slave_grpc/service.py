"""A worker service with its stores, which can be stopped, killed and started again."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar
from uuid import uuid4

import grpc.aio

from buildledger.clock import Clock, SystemClock
from buildledger.composition.masking import SecretMasking
from buildledger.domain.build import AssignBuild, RequestOperation, StartStep
from buildledger.domain.command import Command
from buildledger.domain.enrollment import IssueEnrollment
from buildledger.domain.worker import EnrollWorker
from buildledger.events.build import BuildAssigned, OperationFinished
from buildledger.events.fact import Fact
from buildledger.events.ids import BuildId, OperationId, ServerId, build_id, operation_id, request_id
from buildledger.events.operation import Ended, OperationSpec, Run
from buildledger.ledger.ledger import Ledger
from buildledger.ledger.submission import Origin
from buildledger.logs.artifacts import ArtifactLimits
from buildledger.logs.artifacts_local import LocalArtifactStore
from buildledger.logs.local import LocalLogStore
from buildledger.settings import Address, AutoTls
from buildledger.slave_grpc.identity.authority import Authority
from buildledger.slave_grpc.identity.credentials import digest_of
from buildledger.slave_grpc.identity.proofs import CountsOnce
from buildledger.slave_grpc.service import WorkerService
from buildledger.slave_grpc.sessions.secret_source import NoSecrets, SecretSource
from buildledger.slave_grpc.settings import WorkerServiceSettings
from buildledger.testing.clock import VirtualClock
from tests.slave_grpc.raw_worker import own_credential

LOOPBACK = Address(host="127.0.0.1", port=0)
ORIGIN = Origin(actor="system")
PATIENCE_SECONDS = 30.0
INSTALLATION_KEY = b"key of this installation"

SomeFact = TypeVar("SomeFact", bound=Fact)
StartWorker = Callable[..., Awaitable[None]]
"""Starts a worker named bob; see `conftest`."""


OPEN: set["Installation"] = set()
"""Those whose service or stores nobody has closed yet; see `conftest`."""


class Installation:
    """Stores in a directory, and the service over them."""

    def __init__(self, directory: Path, limits: ArtifactLimits | None = None) -> None:
        self.directory = directory
        self.settings = WorkerServiceSettings()
        self.limits = limits or ArtifactLimits()
        self.secrets: SecretSource = NoSecrets()
        # The real worker lives in the present, and so do its credentials.
        self.clock = VirtualClock(datetime.now(UTC))
        self.time: Clock = self.clock
        self.authority: Authority | None = None
        self.mutual: Address | None = None
        self.configured: set[str] | None = None
        self.proofs_once: CountsOnce | None = None
        self.interceptors: list[grpc.aio.ServerInterceptor] = []
        self.port = 0
        self._builds = 0
        self.open()

    def open(self) -> None:
        """Open the stores and make a service over them."""
        OPEN.add(self)
        self._serves = False
        self.directory.mkdir(exist_ok=True)
        self.ledger = Ledger.open(f"sqlite:///{self.directory / 'ledger.db'}", clock=self.time)
        self.logs = LocalLogStore(self.directory / "logs")
        self.artifacts = LocalArtifactStore(self.directory / "artifacts", self.limits.total_bytes)
        self.service = WorkerService(
            ledger=self.ledger,
            logs=self.logs,
            artifacts=self.artifacts,
            limits=self.limits,
            installation_key=INSTALLATION_KEY,
            secrets=self.secrets,
            clock=self.time,
            server_id=ServerId(uuid4()),
            settings=self.settings,
            authority=self.authority,
            is_configured=lambda worker: self.configured is None or worker in self.configured,
            seen_proofs=self.directory / "proofs-seen",
            proofs_once=self.proofs_once,
            masks=SecretMasking(self.ledger, self.secrets),
            interceptors=self.interceptors,
        )

    async def start(self) -> None:
        """Serve, on the port of last time."""
        self._serves = True
        self.port = await self.service.start(Address(host="127.0.0.1", port=self.port), self.mutual)

    async def stop(self) -> None:
        """Stop in good order what isn't stopped yet."""
        if self._serves:
            self._serves = False
            await self.service.stop()
        await asyncio.to_thread(self.close)

    def close(self) -> None:
        """Let go of the stores, of which the service makes no use any more."""
        if self in OPEN:
            OPEN.discard(self)
            self.ledger.close()
            self.logs.close()

    async def restart(self) -> None:
        """Stop and start, as another server process on the same directory."""
        await self.stop()
        self.open()
        await self.start()

    async def execute(self, *commands: Command) -> int:
        """Execute commands; returns their position."""
        return (await self.ledger.execute(*commands, origin=ORIGIN)).position

    async def enroll(self, worker: str) -> None:
        """Give a worker a credential."""
        await self.execute(EnrollWorker(worker=worker, credential_digest=digest_of(own_credential(worker))))

    async def issue_token(self, token: str, worker: str | None = None) -> None:
        """Make an enrollment token."""
        digest = digest_of(token)
        await self.execute(IssueEnrollment(token_digest=digest, worker=worker, at=self.time.now()))

    async def build(self, worker: str, builder: str = "tests") -> BuildId:
        """A build on a worker, with its first step running."""
        self._builds += 1
        request = request_id("test", self._builds)
        build = build_id(request, 1)
        assignment = BuildAssigned(
            builder=builder,
            requests=(request,),
            attempt=1,
            worker=worker,
            fence=self._builds,
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

    async def operation(self, build: BuildId, spec: OperationSpec | None = None, number: int = 0) -> OperationId:
        """Ask the build's worker to do something."""
        operation = operation_id(build, 0, number)
        await self.execute(
            RequestOperation(
                build_id=build, operation_id=operation, step=0, label="work", spec=spec or Run(argv=("true",))
            )
        )
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

    async def wait_for(self, kind: type[SomeFact], count: int = 1) -> SomeFact:
        """The `count`-th fact of a kind; waits for it."""
        async with asyncio.timeout(PATIENCE_SECONDS):
            async for batch in self.ledger.tail().after(0):
                for recorded in batch:
                    if isinstance(recorded.fact, kind):
                        count -= 1
                        if not count:
                            return recorded.fact
        raise AssertionError("the ledger was closed")

    def facts(self, *kinds: type[Fact]) -> list[Fact]:
        """All facts of some kinds."""
        recorded = self.ledger.read(0, 1_000_000, [kind.NAME for kind in kinds])
        return [one.fact for one in recorded]


@asynccontextmanager
async def serving(directory: Path, limits: ArtifactLimits) -> AsyncIterator[Installation]:
    """One with limits of its own, stopped whatever happens."""
    installation = Installation(directory, limits)
    await installation.start()
    try:
        yield installation
    finally:
        await installation.stop()


@asynccontextmanager
async def in_the_present(directory: Path, settings: WorkerServiceSettings | None = None) -> AsyncIterator[Installation]:
    """One that serves by the real clock; where it certifies itself, also at a port that takes certificates only."""
    installation = Installation(directory)
    installation.close()
    installation.time = SystemClock()
    installation.settings = settings or installation.settings
    if isinstance(installation.settings.tls, AutoTls):
        installation.authority = Authority.at(directory, datetime.now(UTC))
        installation.mutual = LOOPBACK
    installation.open()
    await installation.start()
    try:
        yield installation
    finally:
        await installation.stop()
