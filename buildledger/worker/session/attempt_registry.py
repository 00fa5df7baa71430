"""The attempts that a worker holds, which converge to the server's desired state."""

import asyncio
import logging
import re
import secrets
from collections import OrderedDict
from collections.abc import Callable, Iterator

from buildledger.grpc_protos.worker.v1 import worker_pb2 as pb
from buildledger.worker.journal.records import RunHeader
from buildledger.worker.runs.attempt import Attempt, State
from buildledger.worker.runs.attempt_store import AttemptStore
from buildledger.worker.runs.plan import seconds

# Attempts that were released are remembered for a while, in case an old message asks for one again.
REMEMBERED_RELEASES = 10_000

_RUN_ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")

_log = logging.getLogger(__name__)


class AttemptRegistry:
    """Holds every attempt from its first mention to its release, by run id and attempt number.

    `start` starts the work of a fresh attempt, which may begin only when the attempts it is given are gone.
    """

    def __init__(
        self,
        store: AttemptStore,
        start: Callable[[Attempt, pb.RunSpec, list[Attempt]], None],
        wake: Callable[[Attempt], None],
    ) -> None:
        self.draining = False
        self._store = store
        self._start = start
        self._wake = wake
        self._attempts: dict[tuple[str, int], Attempt] = {}
        self._released: OrderedDict[tuple[str, int], None] = OrderedDict()
        self._delivered = asyncio.Event()
        self._seen: tuple[int, int] = (0, 0)

    def __iter__(self) -> Iterator[Attempt]:
        """In the order in which they came."""
        return iter(list(self._attempts.values()))

    def __len__(self) -> int:
        """How many are held."""
        return len(self._attempts)

    @property
    def at_work(self) -> list[Attempt]:
        """Those that have not ended."""
        return [attempt for attempt in self if not attempt.has_ended]

    async def all_delivered(self) -> None:
        """Wait until the server has everything that happened in the attempts held."""
        while any(attempt.state < State.ALL_ACKED and not attempt.is_unknown for attempt in self):
            self._delivered.clear()
            await self._delivered.wait()

    def take_over(self, attempt: Attempt) -> None:
        """Hold an attempt that an earlier worker process left."""
        self._attempts[attempt.key] = attempt

    def apply(self, desired: pb.Desired) -> None:
        """Converge to what the server wants; repeating it changes nothing, an outdated message is ignored."""
        if (desired.epoch, desired.revision) < self._seen:
            return
        self._seen = (desired.epoch, desired.revision)
        for wanted in desired.runs:
            if _RUN_ID.fullmatch(wanted.run_id) and wanted.attempt > 0:
                self._converge(wanted)
            else:
                _log.error("ignoring a run whose name makes no sense: %r attempt %d", wanted.run_id, wanted.attempt)
        if desired.full:
            named = {(wanted.run_id, wanted.attempt) for wanted in desired.runs}
            for attempt in self:
                if attempt.key not in named:
                    self._abandon_unknown(attempt)

    def acknowledge(self, ack: pb.Ack) -> None:
        """Take note of how far the server has come with one attempt."""
        attempt = self._attempts.get((ack.run_id, ack.attempt))
        if attempt is None:
            return
        attempt.acknowledge(ack)
        self._delivered.set()
        if ack.release:
            self._release(attempt)
        self._wake(attempt)

    def credit(self, credit: pb.Credit) -> None:
        """Take note of how much of one attempt's output the server takes."""
        attempt = self._attempts.get((credit.run_id, credit.attempt))
        if attempt is not None:
            # First of all: the first wake on a stream resets the credit.
            self._wake(attempt)
            attempt.credit_until = max(attempt.credit_until, credit.up_to_bytes)

    def stop_waiting_for_acks(self) -> None:
        """Send events of attempts whose journal may be cut short, although the server hasn't said how far it is."""
        for attempt in self:
            if attempt.awaits_ack:
                attempt.awaits_ack = False
                self._wake(attempt)

    def stop_all(self, reason: pb.ExitReason.ValueType, level: pb.StopLevel.ValueType) -> None:
        """End everything that runs."""
        for attempt in self.at_work:
            attempt.stop.make(reason, level)

    def remove_if_unknown(self, attempt: Attempt) -> None:
        """Called when an attempt has ended: one that nobody asks about is forgotten."""
        if attempt.is_unknown:
            self._release(attempt)

    def _converge(self, wanted: pb.DesiredRun) -> None:
        key = (wanted.run_id, wanted.attempt)
        attempt = self._attempts.get(key)
        if attempt is None:
            if wanted.want != pb.WANT_RELEASE and key not in self._released:
                self._start_new(wanted)
            return
        if wanted.fence < attempt.fence:
            return
        attempt.fence = wanted.fence
        match wanted.want:
            case pb.WANT_STOP:
                grace = seconds(wanted.stop.grace) if wanted.stop.HasField("grace") else None
                attempt.stop.make(pb.EXIT_REASON_CANCEL, wanted.stop.level or pb.STOP_LEVEL_INTERRUPT, grace)
            case pb.WANT_ABANDON:
                attempt.stop.make(pb.EXIT_REASON_ABANDONED, pb.STOP_LEVEL_KILL)
            case pb.WANT_RELEASE if attempt.has_ended:
                self._release(attempt)

    def _start_new(self, wanted: pb.DesiredRun) -> None:
        """Hold an attempt that is heard of for the first time."""
        header = RunHeader(
            run_id=wanted.run_id,
            attempt=wanted.attempt,
            fence=wanted.fence,
            cookie=secrets.token_hex(16),
            builddir=wanted.spec.builddir,
            boot_id=self._store.boot_id,
        )
        attempt = Attempt(self._store, header, self._wake)
        self._attempts[attempt.key] = attempt
        if wanted.want != pb.WANT_RUN:
            attempt.reject(pb.REJECT_CODE_STOPPED_BEFORE_START, "it was stopped before it was started")
        elif self.draining:
            attempt.reject(pb.REJECT_CODE_DRAINING, "this worker takes no new work")
        elif not wanted.HasField("spec"):
            attempt.reject(
                pb.REJECT_CODE_INVALID_SPEC, "this worker doesn't hold the run, and there is no specification"
            )
        else:
            self._start(attempt, wanted.spec, [other for other in self.at_work if _must_end_first(other, attempt)])

    def _abandon_unknown(self, attempt: Attempt) -> None:
        """End and forget an attempt that the server doesn't know."""
        attempt.is_unknown = True
        if attempt.has_ended:
            self._release(attempt)
        else:
            attempt.stop.make(pb.EXIT_REASON_ABANDONED, pb.STOP_LEVEL_KILL)

    def _release(self, attempt: Attempt) -> None:
        if self._attempts.pop(attempt.key, None) is None or not attempt.has_ended:
            return
        attempt.forget()
        self._released[attempt.key] = None
        if len(self._released) > REMEMBERED_RELEASES:
            self._released.popitem(last=False)


def _must_end_first(other: Attempt, fresh: Attempt) -> bool:
    """Whether `other` could still change what `fresh` works on although nobody waits for it."""
    if other is fresh:
        return False
    if other.run_id == fresh.run_id:
        return True
    return other.builddir == fresh.builddir and other.stop.is_made
