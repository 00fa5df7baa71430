"""The one thread that writes: what queues while a commit runs forms the next one."""

from __future__ import annotations

import logging
import threading
from collections.abc import Sequence
from queue import Empty, SimpleQueue

from eventsourcing.persistence import IntegrityError, PersistenceError

from buildledger.clock import Clock
from buildledger.events.fact import Recorded
from buildledger.ledger.commit_notifier import Answer, CommitNotifier
from buildledger.ledger.decider import Batch, Decider
from buildledger.ledger.errors import LedgerClosed, LedgerUnavailable, NothingWritten
from buildledger.ledger.outage import Outage
from buildledger.ledger.recent import RecentFacts
from buildledger.ledger.skipping import reason_of, traced
from buildledger.ledger.store import FactStore, ReliedOn, stream_of
from buildledger.ledger.streams import StreamCache
from buildledger.ledger.submission import Receipt, Submission

MAX_BATCH_SUBMISSIONS = 500
MAX_QUEUED_SUBMISSIONS = 50_000
MAX_CONFLICTS = 20
"""How often another process may be faster on the same stream before a caller is told so."""

_log = logging.getLogger(__name__)


class Writer:
    """Decides and appends in batches; a caller is answered only after the fsync of its batch."""

    def __init__(
        self, store: FactStore, *, commits: CommitNotifier, recent: RecentFacts, clock: Clock, cached_streams: int
    ) -> None:
        self._store = store
        self._commits = commits
        self._recent = recent
        self._clock = clock
        self._decider = Decider(store, StreamCache(cached_streams))
        self._seen = commits.head
        """Up to here the cache knows every stream."""
        self._queue: SimpleQueue[Submission | None] = SimpleQueue()
        self._gate = threading.Lock()
        self._open = True
        self.committing = threading.Lock()
        """Held from an append until its facts are in memory. Whoever would tell followers of the database's head waits
        so long: else each of them would read back what was just written."""
        self.failure: str | None = None
        """Why the last batch that had to be written couldn't be; None when it could."""
        self._outage = Outage(
            _log,
            clock,
            level=logging.ERROR,
            failing="commands aren't acknowledged",
            passed="commands are acknowledged again",
            noun="command",
        )
        self._thread = threading.Thread(target=self._run, name="ledger-writer", daemon=True)
        self._thread.start()

    def submit(self, submission: Submission) -> None:
        """Queue it; its future is resolved when it is durable or can't be.

        Raises:
            LedgerClosed
            LedgerUnavailable: When the queue is full.
        """
        with self._gate:
            if not self._open:
                raise LedgerClosed
            if self._queue.qsize() >= MAX_QUEUED_SUBMISSIONS:
                raise LedgerUnavailable(f"{MAX_QUEUED_SUBMISSIONS} commands are waiting already")
            self._queue.put(submission)

    def close(self) -> None:
        """Take no more, write what is queued, and end the thread."""
        with self._gate:
            if self._open:
                self._open = False
                self._queue.put(None)
        self._thread.join()

    def _run(self) -> None:
        ended = False
        while not ended:
            submission = self._queue.get()
            batch: list[Submission] = []
            while submission is not None:
                batch.append(submission)
                if len(batch) >= MAX_BATCH_SUBMISSIONS:
                    break
                try:
                    submission = self._queue.get_nowait()
                except Empty:
                    break
            ended = submission is None
            if batch:
                self._commit(batch)

    def _commit(self, submissions: Sequence[Submission]) -> None:
        while submissions:
            try:
                self._try(submissions)
            except IntegrityError:
                submissions = self._after_conflict(submissions)
            except LedgerUnavailable as error:
                self._give_up(submissions, error)
                return
            except PersistenceError as error:
                self._give_up(submissions, LedgerUnavailable(str(error)))
                return
            except Exception as error:
                said = (len(submissions), reason_of(error))
                _log.error("the ledger's writer failed on a batch of %d: %s", *said, exc_info=traced(error))
                self._give_up(submissions, LedgerUnavailable(f"{type(error).__name__}: {error}", outcome_unknown=True))
                return
            else:
                return

    def _try(self, submissions: Sequence[Submission]) -> None:
        """Decide and append once.

        Raises:
            IntegrityError: If another process was faster on one of the streams.
            PersistenceError: If the database can't be read.
            LedgerUnavailable: If it can't be written.
        """
        self._catch_up()
        batch = self._decider.decide(submissions, self._clock.now())
        with self.committing:
            try:
                written = self._store_batch(batch) if batch.stored or batch.records else None
            except IntegrityError:
                raise
            except PersistenceError as error:
                unknown = not isinstance(error, NothingWritten)
                raise LedgerUnavailable(str(error), outcome_unknown=unknown) from error
            if written is not None:
                self.failure = None
                self._outage.succeeded()
            self._publish(batch, self._seen if written is None else written.start - 1)

    def _store_batch(self, batch: Batch) -> range:
        """Append it; what it relies on without adding to it must not have moved either, see `RequireWorker`."""
        streams = batch.relied_on - {stream_of(fact) for fact in batch.stored} if batch.relied_on else ()
        relied_on = ReliedOn(self._seen, streams) if streams else None
        return self._store.insert_events(batch.stored, commands=batch.records, relied_on=relied_on)

    def _catch_up(self) -> None:
        """Forget the streams that other processes have moved, so that no rule is applied to an old state."""
        head, moved = self._store.moved_since(self._seen)
        self._decider.cache.forget(moved)
        self._seen = head

    def _publish(self, batch: Batch, base: int) -> None:
        head = base + len(batch.stored)
        if base == self._seen:
            self._seen = head
        recorded: list[Recorded] = []
        answers: list[Answer] = []
        for decision in batch.decisions:
            receipt = decision.receipt
            if decision.error is None and receipt is None:
                owner = decision.duplicate_of or decision
                last = base + owner.ends_at
                receipt = Receipt(last, range(last - len(owner.facts) + 1, last + 1), decision.duplicate_of is not None)
            answers.append(Answer(decision.submission, receipt, decision.error))
            place = decision.ends_at - len(decision.facts)
            for fact in decision.facts:
                stored = batch.stored[place]
                place += 1
                recorded.append(
                    Recorded(
                        position=base + place,
                        stream_id=stream_of(stored),
                        version=stored.originator_version,
                        name=stored.topic,
                        fact=fact,
                        meta=decision.meta,
                    )
                )
        self._recent.add(recorded, (len(stored.state) for stored in batch.stored))
        self._commits.publish(head, answers)
        self._decider.cache.turn()

    def _after_conflict(self, submissions: Sequence[Submission]) -> Sequence[Submission]:
        """Write those that no other process interfered with; return the others, to be decided again."""
        self._decider.cache.forget({stream for submission in submissions for stream in submission.streams})
        _, moved = self._store.moved_since(self._seen)
        touched = set(moved) if moved is not None else {stream for s in submissions for stream in s.streams}
        hit: list[Submission] = []
        rest: list[Submission] = []
        for submission in submissions:
            if touched.isdisjoint(submission.streams):
                rest.append(submission)
            else:
                touched.update(submission.streams)
                hit.append(submission)
        if not hit:
            # a command id was used by another process meanwhile: decided again, it gets that answer
            hit, rest = rest, []
        self._commit(rest)
        return self._still_patient(hit)

    def _still_patient(self, submissions: Sequence[Submission]) -> Sequence[Submission]:
        patient: list[Submission] = []
        for submission in submissions:
            submission.attempts += 1
            if submission.attempts < MAX_CONFLICTS:
                patient.append(submission)
            else:
                self._give_up([submission], LedgerUnavailable(f"other processes were faster {MAX_CONFLICTS} times"))
        return patient

    def _give_up(self, submissions: Sequence[Submission], error: LedgerUnavailable) -> None:
        self._outage.failed(error, len(submissions))
        self.failure = str(error)
        self._decider.cache.forget(None)
        self._commits.publish(self._commits.head, [Answer(submission, None, error) for submission in submissions])
