"""Makes the next message to the server from the events of all runs, in turn and within their credit."""

import asyncio
import logging

from buildledger.grpc_protos.worker.v1 import worker_pb2 as pb
from buildledger.worker.journal.records import Kind
from buildledger.worker.runs.attempt import Attempt, State

# Of a message of 256 KiB, what is left for events after the identity of each.
MESSAGE_BYTES = 244 << 10
_EVENT_OVERHEAD_BYTES = 160
DEFAULT_RUN_CREDIT_BYTES = 1 << 20
DEFAULT_SESSION_CREDIT_BYTES = 8 << 20

_log = logging.getLogger(__name__)


class Outbox:
    """Queues control messages, which go first, and attempts that may have something to send."""

    def __init__(self) -> None:
        self._waiting: dict[Attempt, None] = {}
        self._starved: dict[Attempt, None] = {}
        self._control: list[pb.Up] = []
        self._something = asyncio.Event()
        self._attempts_of_session: set[Attempt] = set()
        self._run_credit_bytes = 0
        self._session_credit_bytes = 0

    def wake(self, attempt: Attempt) -> None:
        """Look at this attempt when the next message is made."""
        if attempt not in self._attempts_of_session:
            attempt.start_session(self._run_credit_bytes)
            self._attempts_of_session.add(attempt)
        self._waiting[attempt] = None
        self._something.set()

    def post(self, message: pb.Up) -> None:
        """Send this before any event."""
        self._control.append(message)
        self._something.set()

    def start_session(self, attempts: list[Attempt], run_credit_bytes: int, session_credit_bytes: int) -> None:
        """Begin again with all that isn't acknowledged, on a fresh stream."""
        self._control.clear()
        self._waiting.clear()
        self._starved.clear()
        self._attempts_of_session.clear()
        self._run_credit_bytes = run_credit_bytes or DEFAULT_RUN_CREDIT_BYTES
        self._session_credit_bytes = session_credit_bytes or DEFAULT_SESSION_CREDIT_BYTES
        for attempt in attempts:
            self.wake(attempt)

    async def next_message(self) -> pb.Up:
        """The next message to send; waits until there is one."""
        while True:
            if self._control:
                return self._control.pop(0)
            message = self._events()
            if message is not None:
                return message
            self._something.clear()
            await self._something.wait()

    def _events(self) -> pb.Up | None:
        message = pb.Up()
        events = message.events
        count = 0
        room = MESSAGE_BYTES
        in_flight = self._in_flight_bytes()
        if in_flight < self._session_credit_bytes:
            self._waiting.update(self._starved)
            self._starved.clear()
        for attempt in list(self._waiting):
            while (entry := attempt.next_entry()) is not None:
                size = entry.body_bytes + _EVENT_OVERHEAD_BYTES
                if count and size > room:
                    # The others come first next time.
                    del self._waiting[attempt]
                    self._waiting[attempt] = None
                    return message
                if entry.record.kind in (Kind.OUTPUT, Kind.SPOOLED) and in_flight >= self._session_credit_bytes:
                    self._starved[attempt] = None
                    break
                before = attempt.in_flight_bytes
                try:
                    attempt.take(entry, events)
                except OSError as error:
                    _log.critical("run %s: an event can't be read back: %s", attempt.run_id, error)
                    break
                in_flight += attempt.in_flight_bytes - before
                room -= size
                count += 1
            del self._waiting[attempt]
        return message if count else None

    def _in_flight_bytes(self) -> int:
        """Output of all runs that is sent and not acknowledged; those that were released no longer count."""
        self._attempts_of_session = {each for each in self._attempts_of_session if each.state is not State.RELEASED}
        return sum(attempt.in_flight_bytes for attempt in self._attempts_of_session)
