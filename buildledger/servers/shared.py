"""The servers of one PostgreSQL ledger: a thread keeps this one's lease and looks after those of the others."""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import psycopg

from buildledger.events.ids import ServerId
from buildledger.ledger.postgresql_connection import translated
from buildledger.servers.entries import LostServer, ServerEntry, Singleton, StoreEntry
from buildledger.servers.lease_session import LEASE_SECONDS, HeldForDeadError, LeaseSession, SeenServer

BEAT_SECONDS = 0.5
"""Between two renewals, and two looks at the others."""
RETRY_SECONDS = 0.3
"""Between two tries to begin a session."""
SURE_SECONDS = 4.0
"""So long after it was renewed, as it was sent, this process relies on its lease; less than the database does."""

POLLS_MAX = 1_000
"""Asked for and not told yet, while the database is away; the oldest are forgotten."""

_log = logging.getLogger(__name__)


class SharedServers:
    """See `Servers`. Call `start` before and `stop` after everything that asks whether it leads.

    `lost` records that a server is held for dead, given its id and term; it blocks, may be called again for the same,
    and raises when that can't be recorded at the moment. `returned` records the same of this one, and that it serves
    again, given the term that has ended.
    """

    def __init__(
        self,
        url: str,
        entry: ServerEntry,
        wanted: frozenset[Singleton],
        *,
        lost: Callable[[ServerId, int], None],
        returned: Callable[[int], None],
        poll: Callable[[str], object] = lambda source: None,
    ) -> None:
        """`poll` is called, on a thread, with each source that any server asks to be polled."""
        self._url = url
        self._entry = entry
        self._wanted = wanted
        self._record_lost = lost
        self._record_returned = returned
        self._poll = poll
        self._asked: deque[str] = deque(maxlen=POLLS_MAX)
        self._seen: tuple[ServerEntry, ...] = (entry,)
        self._lost: tuple[LostServer, ...] = ()
        self._stores: tuple[StoreEntry, ...] = ()
        self._led: frozenset[Singleton] = frozenset()
        self._sure_until = 0.0
        self._is_first = True
        self._closing = threading.Event()
        self._trouble: str | None = "not asked for yet"
        self._thread: threading.Thread | None = None
        self._recorder = ThreadPoolExecutor(1, thread_name_prefix="server-lost")
        """Records apart from the thread that keeps the lease, which mustn't wait for the ledger."""
        self._recording: set[ServerId] = set()
        self._recorded: set[ServerId] = set()
        self._unrecorded: set[ServerId] = set()
        """Of which the log says that they are dead and that this can't be recorded."""
        self._began = 0.0

    def start(self) -> None:
        """Take the lease, and keep it from here on; blocks for a moment.

        Raises:
            StoreError: The database is away.
        """
        with translated():
            session = self._open()
            for each in session.all():
                if self._was_here(each.entry):
                    # its directory is locked by this process, so nobody need wait for its silence
                    self._record_lost(each.entry.server_id, each.entry.term)
                    session.forget(each.entry.server_id)
            self._beat(session)
        self._thread = threading.Thread(target=self._run, args=(session,), name="server-lease", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Let go of everything, so that others take over at once; blocks until done."""
        self._closing.set()
        if self._thread is not None:
            self._thread.join()
        self._recorder.shutdown()

    @property
    def trouble(self) -> str | None:
        """See `Servers`."""
        return self._trouble

    def serves(self, server_id: ServerId) -> bool:
        """See `Servers`."""
        return any(each.server_id == server_id and each.alive for each in self._seen)

    def leads(self, singleton: Singleton) -> bool:
        """See `Servers`."""
        return singleton in self._led and time.monotonic() < self._sure_until

    def entries(self) -> Sequence[ServerEntry]:
        """See `Servers`."""
        mine = self._entry.server_id
        return sorted(self._seen, key=lambda each: each.server_id != mine)

    def lost(self) -> Sequence[LostServer]:
        """See `Servers`."""
        return self._lost

    def other_stores(self) -> Sequence[StoreEntry]:
        """See `Servers`."""
        return self._stores

    def ask_poll(self, source: str) -> None:
        """See `Servers`."""
        self._asked.append(source)

    def _open(self) -> LeaseSession:
        """Begin a session; where others hold this server for dead, it says first that it serves again."""
        try:
            session = LeaseSession(self._url, self._entry, is_first=self._is_first)
        except HeldForDeadError:
            _log.error("this server was held for dead by the others; it begins anew")
            self._record_returned(self._entry.term)
            self._entry = replace(self._entry, term=self._entry.term + 1)
            session = LeaseSession(self._url, self._entry, is_first=True)
        self._is_first = False
        session.hear(self._poll)
        self._began = time.monotonic()
        return session

    def _run(self, session: LeaseSession) -> None:
        is_open = True
        while not self._closing.wait(BEAT_SECONDS if is_open else RETRY_SECONDS):
            try:
                if not is_open:
                    session = self._open()
                    is_open = True
                self._beat(session)
            except Exception as error:
                self._session_ended(error)
                session.close()
                is_open = False
        self._led = frozenset()
        if is_open:
            try:
                session.forget(self._entry.server_id)
            except psycopg.Error as error:
                _log.warning("this server's lease runs out by itself: %s", error)
            session.close()

    def _beat(self, session: LeaseSession) -> None:
        sent_at = time.monotonic()
        if not session.renew(self._wanted):
            raise HeldForDeadError
        self._sure_until = sent_at + SURE_SECONDS
        if self._led != session.led:
            self._led = frozenset(session.led)
            _log.info("this server leads: %s", ", ".join(sorted(self._led)) or "nothing")
        while self._asked:
            session.ask_poll(self._asked.popleft())
        seen = session.all()
        self._seen = tuple(each.entry for each in seen)
        self._stores = tuple(each for each in session.stores() if each.store != self._entry.store)
        self._lost = tuple(session.lost())
        self._trouble = None
        for each in seen:
            self._look_after(session, each)

    def _session_ended(self, error: Exception) -> None:
        """What it led, others may lead from here on."""
        self._led, self._sure_until = frozenset(), 0.0
        if self._trouble is None:
            _log.warning("this server's lease is in doubt, and it leads nothing: %s", error)
        self._trouble = f"{type(error).__name__}: {error}"

    def _look_after(self, session: LeaseSession, seen: SeenServer) -> None:
        """Hold a server for dead that has neither a session nor spoken lately; not while all may be coming back."""
        server_id = seen.entry.server_id
        if server_id == self._entry.server_id or seen.entry.alive or server_id in self._recording:
            return
        if server_id in self._recorded:
            self._recorded.discard(server_id)
            session.forget_lost(server_id)
            return
        # who has claimed it may have died since: what all record is recorded once
        term = seen.entry.term if seen.lost else None
        if term is None and time.monotonic() - self._began > LEASE_SECONDS:
            term = session.claim_lost(server_id)
        if term is not None:
            self._recording.add(server_id)
            self._recorder.submit(self._record, server_id, term)

    def _was_here(self, entry: ServerEntry) -> bool:
        """Whether that was an earlier process on this one's state directory."""
        mine = self._entry
        return entry.server_id != mine.server_id and (entry.store, entry.machine, entry.state) == (
            mine.store,
            mine.machine,
            mine.state,
        )

    def _record(self, server_id: ServerId, term: int) -> None:
        try:
            self._record_lost(server_id, term)
            self._recorded.add(server_id)
            self._unrecorded.discard(server_id)
        except Exception as error:
            if server_id not in self._unrecorded:
                _log.warning("server %s is dead, which can't be recorded yet: %s", server_id, error)
            self._unrecorded.add(server_id)
        finally:
            self._recording.discard(server_id)
