"""Decides from the first message of a stream whether a worker may hold a session."""

import asyncio
from collections.abc import Callable, Iterator
from uuid import UUID

from buildledger.clock import Clock
from buildledger.domain.command import Command
from buildledger.domain.refusals import DuplicateWorkerRefusal, LedgerBehindRefusal, Refusal
from buildledger.domain.worker import ConnectWorker, DisconnectWorker, ResumeWorker
from buildledger.events.ids import ServerId, worker_id
from buildledger.events.worker import DisconnectReason, WorkerConnected
from buildledger.grpc_protos.worker.v1 import worker_pb2 as pb
from buildledger.ledger.errors import LedgerUnavailable
from buildledger.ledger.ledger import Ledger
from buildledger.ledger.submission import Origin, Receipt
from buildledger.slave_grpc.identity.caller import current_caller
from buildledger.slave_grpc.identity.worker_names import bad_name_message, is_worker_name, unknown_worker_message
from buildledger.slave_grpc.sessions.ledger_heads import is_head
from buildledger.slave_grpc.sessions.session_endings import SUPERSEDED, Ending, end_of_credential, superseded
from buildledger.slave_grpc.settings import (
    CHUNK_BYTES,
    FLUSH_SECONDS,
    PROTOCOL_VERSION,
    RETRY_SECONDS,
    RUN_CREDIT_BYTES,
    SESSION_CREDIT_BYTES,
    UNKNOWN_RETRY_SECONDS,
    WorkerServiceSettings,
)
from buildledger.slave_grpc.state.follower import OpenWorkFollower
from buildledger.slave_grpc.state.known_credentials import KnownCredential
from buildledger.slave_grpc.wire.status import error, session_error

LABELS_MAX = 100
FEATURES_MAX = 100
WORD_CHARACTERS = 200
"""Of what a worker says of itself in a word: its operating system, its version, a feature, a label's name."""
LABEL_CHARACTERS = 1_000
CAPACITY_MAX = 10_000
EPOCH_MAX = 2**50
"""Sessions that a worker can't have had: beyond it numbers couldn't be kept for long."""


class NotAdmittedError(Exception):
    """A worker may not hold a session; `down` is the message that tells it why."""

    def __init__(self, down: pb.Down) -> None:
        super().__init__(down.error.message)
        self.down = down


class LedgerBehindError(NotAdmittedError):
    """The worker remembers what this ledger doesn't know."""


class SessionAdmission:
    """Checks a worker's `Hello` and records the session in the ledger."""

    def __init__(
        self,
        *,
        ledger: Ledger,
        follower: OpenWorkFollower,
        is_configured: Callable[[str], bool],
        clock: Clock,
        server_id: ServerId,
        serves: Callable[[ServerId], bool],
        settings: WorkerServiceSettings,
    ) -> None:
        self._ledger = ledger
        self._follower = follower
        self._is_configured = is_configured
        self._clock = clock
        self._server_id = server_id
        self._serves = serves
        self._settings = settings

    async def admit(self, hello: pb.Hello, peer: str) -> int:
        """Begin a session of the current caller; returns its epoch, once the fact that records it has been followed.

        Raises:
            NotAdmittedError: The worker is refused, or the ledger can't be written.
        """
        self._check(hello)
        credential = current_caller().credential
        if credential is None or credential.worker != hello.name:
            raise _another_workers(hello.name)
        self._check_configured(hello.name)
        connect = ConnectWorker(
            worker=hello.name,
            credential_digest=credential.digest,
            at=self._clock.now(),
            server_id=self._server_id,
            boot_id=hello.boot_id,
            instance_id=hello.instance_id,
            version=hello.software,
            os=hello.os,
            arch=hello.arch,
            labels=dict(hello.labels),
            capacity=hello.capacity,
            features=tuple(hello.features),
            address=peer,
            last_epoch=hello.last_epoch,
            restored=self._settings.restored,
        )
        try:
            receipt = await self._connect(connect, hello)
        except Refusal as refusal:
            down = session_error(refusal, retry_seconds=self._retry_seconds(hello.name))
            raise (LedgerBehindError if isinstance(refusal, LedgerBehindRefusal) else NotAdmittedError)(
                down
            ) from refusal
        except LedgerUnavailable as trouble:
            raise NotAdmittedError(
                error(pb.ERROR_CODE_UNAVAILABLE, str(trouble), retry_seconds=RETRY_SECONDS)
            ) from trouble
        epoch = await asyncio.to_thread(self._epoch, receipt)
        await self._follower.reached(receipt.position)
        connection = self._follower.work.connection(hello.name)
        if connection is None or connection.epoch != epoch:
            raise NotAdmittedError(
                error(pb.ERROR_CODE_SUPERSEDED, "another session of this worker began in the same moment")
            )
        return epoch

    def _epoch(self, receipt: Receipt) -> int:
        """The number of the session that these facts began, whichever the worker has now. Reads the ledger."""
        facts = [one.fact for one in self._ledger.read(receipt.positions.start - 1, len(receipt.positions))]
        return next(fact.epoch for fact in facts if isinstance(fact, WorkerConnected))

    def _retry_seconds(self, worker: str) -> float:
        """Soon, where another server holds the worker's session, which may have just died."""
        connection = self._follower.work.connection(worker)
        is_own = connection is None or connection.server_id == self._server_id
        return self._settings.heartbeat_seconds if is_own else min(RETRY_SECONDS, self._settings.heartbeat_seconds)

    def _check_configured(self, name: str) -> None:
        """Admit only workers that the configuration names, and those with operations yet to finish."""
        if not self._is_configured(name) and not self._follower.work.of_worker(name):
            raise NotAdmittedError(
                error(pb.ERROR_CODE_UNKNOWN_WORKER, unknown_worker_message(name), retry_seconds=UNKNOWN_RETRY_SECONDS)
            )

    async def _connect(self, connect: ConnectWorker, hello: pb.Hello) -> Receipt:
        """Record the session, together with the end of one that it replaces."""
        origin = Origin(actor=f"worker:{hello.name}")
        commands: list[Command] = [connect]
        if self._follower.work.is_draining(hello.name) and not hello.draining:
            commands.append(ResumeWorker(worker=hello.name))
        try:
            return await self._ledger.execute(*commands, origin=origin)
        except DuplicateWorkerRefusal:
            dead = self.dead_connection(hello.name)
            if dead is None:
                raise
            return await self._ledger.execute(dead, *commands, origin=origin)

    def ended_meanwhile(self, worker: str, epoch: int, credential: KnownCredential | None) -> Ending | None:
        """Why a session that was admitted may not go on, as far as the ledger was followed; None: it may."""
        connection = self._follower.work.connection(worker)
        if connection is None or connection.epoch != epoch:
            return SUPERSEDED, superseded()
        if credential is None or self._follower.work.credentials.by_digest(credential.digest) is not None:
            return None
        return end_of_credential(expired=not credential.is_valid_at(self._clock.now()))

    def dead_connection(self, worker: str) -> DisconnectWorker | None:
        """The command that ends a worker's session with a server that is gone; None if it has no such session."""
        connection = self._follower.work.connection(worker)
        if connection is None or connection.server_id == self._server_id or self._serves(connection.server_id):
            return None
        return DisconnectWorker(worker=worker, epoch=connection.epoch, reason=DisconnectReason.SERVER_LOST)

    def _check(self, hello: pb.Hello) -> None:
        if not hello.proto_min <= PROTOCOL_VERSION <= hello.proto_max:
            raise NotAdmittedError(
                error(
                    pb.ERROR_CODE_PROTOCOL_VERSION,
                    f"this server speaks protocol version {PROTOCOL_VERSION}, the worker"
                    f" {hello.proto_min} to {hello.proto_max}: update the older of the two",
                    fatal=True,
                )
            )
        if not is_worker_name(hello.name):
            raise _violation(bad_name_message(hello.name))
        if hello.worker_id and hello.worker_id != str(worker_id(hello.name)):
            raise _another_workers(hello.name)
        if not hello.instance_id:
            raise _violation("hello has no instance_id")
        if len(hello.labels) > LABELS_MAX or len(hello.features) > FEATURES_MAX:
            raise _violation(f"hello has more than {LABELS_MAX} labels or {FEATURES_MAX} features")
        for what, text, characters in _texts(hello):
            if len(text) > characters or not text.isprintable():
                raise _violation(
                    f"hello: {what} has to be printable and no longer than {characters} characters, not {text[:80]!r}"
                )
        _check_numbers(hello)
        for run in hello.runs:
            try:
                UUID(run.run_id)
            except ValueError:
                raise _violation(f"{run.run_id!r} is not a run id") from None


def _check_numbers(hello: pb.Hello) -> None:
    if hello.HasField("ledger_head") and not is_head(hello.ledger_head):
        raise _violation("hello: ledger_head has a position from 1 and a digest of 32 bytes, as a server gave it")
    if hello.last_epoch >= EPOCH_MAX:
        raise _violation(f"hello: no worker can have had session {hello.last_epoch}")
    if not 0 <= hello.capacity <= CAPACITY_MAX:
        raise _violation(f"hello: a worker's capacity is at most {CAPACITY_MAX}, not {hello.capacity}")


def welcome(
    epoch: int,
    server_id: ServerId,
    settings: WorkerServiceSettings,
    *,
    ledger_head: pb.LedgerHead | None = None,
    ledger_contradicted: bool = False,
) -> pb.Down:
    """The message that begins a session: its epoch, intervals and limits, and what the ledger adds up to."""
    terms = pb.Welcome(
        proto=PROTOCOL_VERSION,
        epoch=epoch,
        chunk_bytes=CHUNK_BYTES,
        run_credit_bytes=RUN_CREDIT_BYTES,
        session_credit_bytes=SESSION_CREDIT_BYTES,
        features=("blobs", "rotate"),
        server=str(server_id),
        ledger_head=ledger_head,
        ledger_contradicted=ledger_contradicted,
    )
    terms.heartbeat.FromMilliseconds(int(settings.heartbeat_seconds * 1000))
    terms.lease.FromMilliseconds(int(settings.lease_seconds * 1000))
    terms.orphan_ttl.FromMilliseconds(int(settings.orphan_seconds * 1000))
    terms.flush.FromMilliseconds(int(FLUSH_SECONDS * 1000))
    return pb.Down(welcome=terms)


def _texts(hello: pb.Hello) -> Iterator[tuple[str, str, int]]:
    """Every text that is recorded: what it is, what it says, how long it may be."""
    yield "boot_id", hello.boot_id, WORD_CHARACTERS
    yield "instance_id", hello.instance_id, WORD_CHARACTERS
    yield "os", hello.os, WORD_CHARACTERS
    yield "arch", hello.arch, WORD_CHARACTERS
    yield "software", hello.software, WORD_CHARACTERS
    yield from (("a feature", feature, WORD_CHARACTERS) for feature in hello.features)
    for name, value in hello.labels.items():
        yield "a label's name", name, WORD_CHARACTERS
        # what people wrote of a machine may have lines
        yield "a label", value.replace("\n", " ").replace("\t", " "), LABEL_CHARACTERS


def _violation(text: str) -> NotAdmittedError:
    return NotAdmittedError(error(pb.ERROR_CODE_PROTOCOL_VIOLATION, text, fatal=True))


def _another_workers(name: str) -> NotAdmittedError:
    return NotAdmittedError(
        error(pb.ERROR_CODE_UNAUTHENTICATED, f"the credential belongs to another worker than {name!r}", fatal=True)
    )
