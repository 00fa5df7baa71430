"""Recovers the journals of an earlier worker process, and kills processes that it left."""

import logging
import re
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from buildledger.grpc_protos.worker.v1 import worker_pb2 as pb
from buildledger.worker.contract.directory import SupervisedDirectory, remove_strays
from buildledger.worker.journal.journal import Journal
from buildledger.worker.journal.records import (
    Extent,
    Kind,
    ProcessIdentity,
    Record,
    RunHeader,
    SupervisionHeader,
    checksum,
    read_records,
)
from buildledger.worker.processes.orphans import OrphanedRun
from buildledger.worker.processes.secret_files import remove_left_over
from buildledger.worker.processes.tree import Survivor
from buildledger.worker.runs.attempt import Attempt, State
from buildledger.worker.runs.attempt_store import AttemptStore
from buildledger.worker.runs.executor import Executor
from buildledger.worker.runs.supervised import attached_supervisor, interrupt_supervised, orphaned_run_of
from buildledger.worker.supervision.segment_reclaimer import SegmentReclaimer
from buildledger.worker.supervision.spool_reader import SpoolReader

_SEGMENT_NAME = re.compile(r"(?P<attempt>[0-9a-f-]{36}\.\d+)\.(?P<number>\d+)\.journal")

_log = logging.getLogger(__name__)


@dataclass(kw_only=True)
class _RecoveredJournal:
    """One attempt as its journal describes it."""

    attempt: Attempt
    process: ProcessIdentity | None = None
    last_event: str = ""
    has_supervisor: bool = False
    """A supervisor has it, or has written down its end."""

    @property
    def has_ended(self) -> bool:
        return self.last_event in ("exited", "rejected")


async def recover(store: AttemptStore, executor: Executor, wake: Callable[[Attempt], None]) -> list[Attempt]:
    """Take over the journals of an earlier worker process.

    Attempts in the result that haven't ended have a supervisor whose end has to be awaited. Whatever the others left
    running is killed before any of them is said to have ended.
    """
    found: list[_RecoveredJournal] = []
    for segments in _journals(store.journal_dir):
        one = _read(store, segments, wake)
        if one is not None:
            found.append(one)
    remove_strays(store.settings.state_dir, {each.attempt.directory.path.name for each in found})
    interrupted = {each.attempt.cookie: each for each in found if not each.has_ended and not each.has_supervisor}
    survivors = await executor.kill_orphans(
        {cookie: _orphaned_run(each, store) for cookie, each in interrupted.items()}
    )
    for cookie, each in interrupted.items():
        remove_left_over(cookie, store.settings.state_dir)
        each.attempt.directory.remove_secrets(cookie)
    for each in found:
        attempt = each.attempt
        store.spool.change(attempt.journal.spooled_bytes)
        attempt.awaits_ack = not each.has_ended and not _same_boot(each, store)
        if each.has_ended:
            attempt.state = State.EXITED
            attempt.gone.set()
        elif each.has_supervisor:
            _log.info("run %s has gone on without a worker", attempt.run_id)
            attempt.state = State.RUNNING
        else:
            _log.warning("run %s was interrupted by the end of an earlier worker process", attempt.run_id)
            left = survivors[attempt.cookie]
            is_supervised = attempt.supervision is not None
            attempt.exit(
                interrupt_supervised(attempt, each.process, left)
                if is_supervised
                else _interrupted(each, left, executor)
            )
    return [each.attempt for each in found]


def _orphaned_run(found: _RecoveredJournal, store: AttemptStore) -> OrphanedRun:
    """How to recognise what an attempt left running; after a reboot process ids mean something else."""
    process = found.process if _same_boot(found, store) else None
    if found.attempt.supervision is not None:
        return orphaned_run_of(found.attempt, process)
    return OrphanedRun(found.attempt.cookie, process)


def _journals(directory: Path) -> Iterator[list[tuple[int, Path]]]:
    """The segments of each journal in `directory`, by number."""
    segments: dict[str, list[tuple[int, Path]]] = defaultdict(list)
    for path in directory.iterdir():
        if name := _SEGMENT_NAME.fullmatch(path.name):
            segments[name["attempt"]].append((int(name["number"]), path))
    for key in sorted(segments):
        yield sorted(segments[key])


def _read(
    store: AttemptStore, segments: list[tuple[int, Path]], wake: Callable[[Attempt], None]
) -> _RecoveredJournal | None:
    """Read one journal; None, and no trace of it, if the attempt it tells of can't have been started."""
    header = _header(segments[0][1])
    if header is None:
        for _, path in segments:
            path.unlink()
        return None
    journal = Journal(store.journal_dir, header, store.group_fsync.remove)
    reader = _JournalReader(store, header)
    for number, path in segments:
        if reader.is_damaged:
            path.unlink()
            continue
        with path.open("rb") as file:
            journal.load_segment(number, path, reader.pass_on(read_records(file)))
    if not reader.was_starting and not reader.last_event:
        journal.remove()
        return None
    attempt = Attempt(store, header, wake, journal)
    found = _RecoveredJournal(attempt=attempt, process=reader.process, last_event=reader.last_event)
    if reader.supervision is not None:
        attempt.supervise(reader.supervision, is_recorded=True)
        journal.release_reclaimed()
        if not found.has_ended:
            supervisor = attached_supervisor(attempt)
            found.has_supervisor = not supervisor.has_ended or attempt.directory.exit() is not None
    return found


def _header(path: Path) -> RunHeader | None:
    with path.open("rb") as file:
        _, record = next(read_records(file), (0, None))
    return RunHeader.decode(record.body) if record is not None and record.kind is Kind.HEADER else None


class _JournalReader:
    """Collects what recovery needs to know while the journal loads its records."""

    def __init__(self, store: AttemptStore, header: RunHeader) -> None:
        self.process: ProcessIdentity | None = None
        self.supervision: SupervisionHeader | None = None
        self.was_starting = False
        self.last_event = ""
        self.is_damaged = False
        """A record tells of output that the machine lost in a crash: what follows it is worth nothing."""
        self._directory = SupervisedDirectory(store.settings.state_dir, header.run_id, header.attempt)
        self._may_be_lost = header.boot_id != store.boot_id

    def pass_on(self, records: Iterator[tuple[int, Record]]) -> Iterator[tuple[int, Record]]:
        """Pass the records on and note what they say."""
        for position, record in records:
            match record.kind:
                case Kind.STARTING:
                    self.was_starting = True
                case Kind.PROCESS:
                    self.process = ProcessIdentity.decode(record.body)
                case Kind.SUPERVISED:
                    self.supervision = SupervisionHeader.decode(record.body)
                case Kind.EVENT | Kind.RELAYED:
                    self.last_event = pb.RunEvent.FromString(record.body).WhichOneof("event") or ""
                case Kind.SPOOLED if self._may_be_lost and not self._is_sound(record):
                    self.is_damaged = True
                    return
            yield position, record

    def _is_sound(self, record: Record) -> bool:
        """Whether the output that a record tells of is there, or was removed because the server has it."""
        if self.supervision is None:
            return False
        extent = Extent.decode(record.body)
        directory, size = self._directory.spool, self.supervision.segment_bytes
        if SegmentReclaimer(directory, size, Path.unlink).is_reclaimed(record.channel, extent.position):
            return True
        try:
            return (
                checksum(SpoolReader(directory, size).read(record.channel, extent.position, extent.length))
                == extent.crc32c
            )
        except OSError:
            return False


def _same_boot(found: _RecoveredJournal, store: AttemptStore) -> bool:
    """After a reboot process ids mean something else."""
    return found.attempt.journal.header.boot_id == store.boot_id


def _interrupted(found: _RecoveredJournal, survivors: list[Survivor], executor: Executor) -> pb.Exited:
    journal = found.attempt.journal
    known = found.process is not None
    return pb.Exited(
        reason=pb.EXIT_REASON_INTERRUPTED if known else pb.EXIT_REASON_START_UNKNOWN,
        message=executor.interruption if known else "the worker was restarted while it was started",
        survivors_killed=[pb.Survivor(pid=each.pid, name=each.name) for each in survivors],
        output_totals=[
            pb.OutputTotal(channel=name, bytes=end)
            for name, end in zip(journal.header.channels, journal.offsets, strict=False)
            if end
        ],
    )
