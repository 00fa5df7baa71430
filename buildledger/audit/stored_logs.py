"""Whether every log is there with the bytes that its fact says."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from uuid import UUID

import msgspec

from buildledger.audit.inspection import BuildNames
from buildledger.audit.report import Check, Finding
from buildledger.events.fact import Fact, Recorded
from buildledger.events.log import LogFinished, LogOpened
from buildledger.logs.examination import LogExaminer
from buildledger.logs.store import LogAlteredError, LogDigest, LogMissingError


class _Open(msgspec.Struct, frozen=True):
    position: int
    opened: LogOpened


class StoredLogs:
    """See `Inspection`. A log is read when the fact of its end is seen; those without one, at the end."""

    check = Check.LOGS
    noun = "logs"
    facts: Sequence[type[Fact]] = (LogOpened, LogFinished)

    def __init__(self, directory: Path, names: BuildNames) -> None:
        self._directory = directory
        self._names = names
        self._examiner: LogExaminer | None = None
        self._closed: str | None = None
        """Why no log at all can be read."""
        self._open: dict[UUID, _Open] = {}
        self.count = 0

    def see(self, seen: Recorded) -> Iterator[Finding]:
        """See `Inspection`."""
        match seen.fact:
            case LogOpened() as opened:
                self._open[seen.stream_id] = _Open(seen.position, opened)
            case LogFinished() as finished:
                opened_at = self._open.pop(seen.stream_id, None)
                yield from self._examine(seen.stream_id, seen.position, opened_at, finished)

    def close(self) -> Iterator[Finding]:
        """See `Inspection`."""
        for log_id, unfinished in self._open.items():
            yield from self._examine(log_id, unfinished.position, unfinished, None)
        if self._examiner is not None:
            for problem in self._examiner.pack_problems():
                yield Finding(
                    check=Check.LOGS, position=1, last=1, detail=problem, affects="logs that it holds are cut"
                )
            self._examiner.close()

    def _examine(
        self, log_id: UUID, position: int, opened: _Open | None, finished: LogFinished | None
    ) -> Iterator[Finding]:
        self.count += 1
        try:
            found = self._store().examine(log_id)
            problem = _difference(found, finished)
        except (LogMissingError, LogAlteredError) as error:
            problem = str(error)
        if problem:
            yield Finding(
                check=Check.LOGS,
                position=position,
                last=position,
                subject=self._subject(log_id, opened),
                detail=problem,
                affects="the output that it shows isn't what the process wrote" if finished else "it goes on growing",
            )

    def _store(self) -> LogExaminer:
        """The store, opened when the first fact speaks of it.

        Raises:
            LogMissingError: Also every further time.
        """
        if self._closed is not None:
            raise LogMissingError(self._closed)
        if self._examiner is None:
            try:
                self._examiner = LogExaminer(self._directory)
            except (LogMissingError, LogAlteredError) as error:
                self._closed = str(error)
                raise
        return self._examiner

    def _subject(self, log_id: UUID, opened: _Open | None) -> str:
        if opened is None:
            return f"log {log_id}"
        fact = opened.opened
        return f"log {log_id} of {self._names.of(fact.build_id)} (step {fact.step}, {fact.label}, {fact.channel})"


def _difference(found: LogDigest | None, finished: LogFinished | None) -> str:
    if finished is None:
        return ""
    said = LogDigest(size_bytes=finished.size_bytes, line_count=finished.line_count, sha256=finished.sha256)
    if found is None:
        return "it isn't finished in the store, while a fact says that it was"
    return "" if found == said else f"its bytes have the digest {found.sha256}; the fact says {said.sha256}"
