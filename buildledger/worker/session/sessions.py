"""Session after session with the server: connects again and again, and every failure ends in a delay."""

import asyncio
import logging
from functools import partial

import grpc
import grpc.aio

from buildledger.worker.runs.attempt_store import AttemptStore
from buildledger.worker.runs.executor import Executor
from buildledger.worker.session.attempt_registry import AttemptRegistry
from buildledger.worker.session.epoch_file import EpochFile
from buildledger.worker.session.orphan_timer import OrphanTimer
from buildledger.worker.session.outbox import Outbox
from buildledger.worker.session.session import ServerSilentError, Session, SessionIdentity, SessionRefusedError
from buildledger.worker.settings import WorkerSettings
from buildledger.worker.transport.backoff import Backoff
from buildledger.worker.transport.cancelled import raise_if_cancelled
from buildledger.worker.transport.credential_provider import CredentialProvider
from buildledger.worker.transport.transport import (
    CaFileUnusableError,
    PlainTransportRefusedError,
    call_metadata,
    open_channel,
)

# The server can be reached and won't have this worker: only a person can change that.
_UNWELCOME = {grpc.StatusCode.UNAUTHENTICATED, grpc.StatusCode.PERMISSION_DENIED, grpc.StatusCode.UNIMPLEMENTED}

_log = logging.getLogger(__name__)


class Sessions:
    """Holds one session at a time."""

    def __init__(
        self,
        settings: WorkerSettings,
        *,
        store: AttemptStore,
        executor: Executor,
        registry: AttemptRegistry,
        outbox: Outbox,
        identity: SessionIdentity,
        credentials: CredentialProvider,
        epoch_file: EpochFile,
        orphan_timer: OrphanTimer,
    ) -> None:
        self._settings = settings
        self._store = store
        self._executor = executor
        self._registry = registry
        self._outbox = outbox
        self._identity = identity
        self._credentials = credentials
        self._epoch_file = epoch_file
        self._orphan_timer = orphan_timer
        self.current: Session | None = None
        """The session that is held or was held last."""

    async def keep(self) -> None:
        """Connect again and again, until cancelled."""
        backoff = Backoff()
        address = self._settings.server
        while True:
            session = Session(
                self._store,
                self._executor,
                self._registry,
                self._outbox,
                self._identity,
                call_metadata(self._credentials.current),
            )
            session.on_established = partial(self._established, session)
            self.current = session
            delay = await self._hold(session, address, backoff)
            raise_if_cancelled()
            session.ended.set()
            if session.is_established:
                self._orphan_timer.start(self._store.server_settings.orphan_seconds)
            address = session.reconnect_to or self._settings.server
            await asyncio.sleep(delay)

    async def _hold(self, session: Session, address: str, backoff: Backoff) -> float:
        """Hold one session to its end and return for how long to wait before the next."""
        try:
            async with open_channel(self._settings, address, self._credentials.current) as channel:
                await session.run(channel)
        except SessionRefusedError as refused:
            _log.log(logging.ERROR if refused.is_fatal else logging.WARNING, "the server refuses: %s", refused)
            usual = backoff.slowest_delay() if refused.is_fatal else self._next_delay(session, backoff)
            return max(refused.retry_after_seconds, usual)
        except grpc.aio.AioRpcError as error:
            if error.code() in _UNWELCOME:
                _log.error("the server won't have this worker: %s: %s", error.code().name, error.details())
                return backoff.slowest_delay()
            if self._credentials.has_expired:
                _log.error("the credential has expired: stop this worker and start it with a new enrollment token")
                return backoff.slowest_delay()
            _log.warning("connection to %s: %s%s", address, error.details(), self._credentials.hint(error))
        except (ServerSilentError, PlainTransportRefusedError, CaFileUnusableError) as error:
            _log.warning("connection to %s: %s", address, error)
        except Exception:
            # Runs must not suffer from a fault in what surrounds them; the next session may do better.
            _log.exception("the session failed inside the worker")
        return self._next_delay(session, backoff)

    @staticmethod
    def _next_delay(session: Session, backoff: Backoff) -> float:
        if session.is_established:
            backoff.succeeded()
        return backoff.next_delay()

    def _established(self, session: Session) -> None:
        if "rotate" in session.server_features:
            self._credentials.may_rotate.set()
        else:
            self._credentials.may_rotate.clear()
        self._orphan_timer.stop()
        self._epoch_file.write(self._identity.last_epoch)
