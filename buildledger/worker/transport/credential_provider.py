"""Provides the worker's credential: enrolls, and renews it in time."""

import asyncio
import logging
import time
from collections.abc import Callable

import grpc.aio

from buildledger.worker.settings import WorkerSettings
from buildledger.worker.transport.backoff import Backoff
from buildledger.worker.transport.cancelled import raise_if_cancelled
from buildledger.worker.transport.credential import StoredCredential, load
from buildledger.worker.transport.enrollment import enroll, rotate, trusted_by
from buildledger.worker.transport.transport import check_ca_file, check_transport, is_secured

_ROTATION_RETRY_SECONDS = (0.25, 60.0)
_LONGEST_SLEEP_SECONDS = 3600.0
_CUT = "Socket closed"
"""How gRPC puts it that somebody took the connection and ended it."""

_log = logging.getLogger(__name__)


class CredentialProvider:
    """Holds the current credential; `on_change` is called with each one that is used from then on."""

    def __init__(self, settings: WorkerSettings, on_change: Callable[[StoredCredential | None], None]) -> None:
        """Load the credential that is stored, if any.

        Raises:
            CredentialUnreadableError: What is stored can't be read.
        """
        self.current = load(settings.state_dir)
        self.may_rotate = asyncio.Event()
        """The server, as far as it was met, renews credentials."""
        self._settings = settings
        self._on_change = on_change

    @property
    def has_expired(self) -> bool:
        """Whether it lets nobody in any more, and only a person can help."""
        return self.current is not None and self.current.has_expired(time.time())

    def check_transport(self) -> None:
        """Make sure that the credential would not cross a network in clear.

        Raises:
            CaFileUnusableError: the file of issuers holds none.
            PlainTransportRefusedError: plain transport to another machine.
            EnrollmentRefusedError: the token says whom to trust, and isn't whole.
        """
        check_ca_file(self._settings)
        check_transport(self._settings, self._settings.server, self._trusted_pem())

    async def ensure_enrolled(self) -> None:
        """Use up the token, if there is no credential that is still good and there is a token.

        Raises:
            EnrollmentRefusedError: the token isn't taken.
        """
        token = self._settings.enrollment_token
        backoff = Backoff()
        while token is not None and (self.current is None or self.has_expired):
            if self.current is not None:
                _log.warning("the credential has expired: enrolling again")
            try:
                self.current = await enroll(self._settings, token)
            except grpc.aio.AioRpcError as error:
                raise_if_cancelled()
                address = self._settings.enroll_at or self._settings.server
                _log.warning("enrollment at %s: %s%s", address, error.details(), self.hint(error))
                await asyncio.sleep(backoff.next_delay())
        self._on_change(self.current)

    async def keep_renewed(self) -> None:
        """Renew it whenever it is time; sessions that are open go on with the old one."""
        while self.current is not None and self.current.renew_at is not None:
            wait = self.current.renew_at - time.time()
            if wait > 0:
                await asyncio.sleep(min(wait, _LONGEST_SLEEP_SECONDS))
                continue
            await self.may_rotate.wait()
            try:
                self.current = await rotate(self._settings, self.current)
                self._on_change(self.current)
            except (grpc.aio.AioRpcError, OSError) as error:
                raise_if_cancelled()
                _log.warning("the credential can't be renewed yet: %s", error)
                await asyncio.sleep(_retry_seconds(self.current))

    def _trusted_pem(self) -> bytes:
        kept = self.current.trusted_ca_pem if self.current is not None else b""
        return kept + trusted_by(self._settings)

    def hint(self, error: grpc.aio.AioRpcError) -> str:
        """What to try when a connection in clear was answered and then cut, as servers that speak TLS do."""
        if is_secured(self._settings, self._trusted_pem()) or _CUT not in (error.details() or ""):
            return ""
        return " (in clear: if the server speaks TLS, give the whole token, or --ca, or --tls)"


def _retry_seconds(credential: StoredCredential) -> float:
    """Several tries fit into the time that is left, however short the life of credentials is."""
    shortest, longest = _ROTATION_RETRY_SECONDS
    left = longest if credential.not_after is None else (credential.not_after - time.time()) / 8
    return min(max(left, shortest), longest)
