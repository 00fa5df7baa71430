"""Serves one connected Buildbot worker: it is a worker towards the server for as long as its connection lasts."""

import asyncio
import contextlib
import logging
import time
from collections.abc import Awaitable, Callable

from buildledger.bridge import staging
from buildledger.bridge.accounts import Account
from buildledger.bridge.buildbot_executor import BuildbotExecutor
from buildledger.bridge.connection import Connection, ConnectionLostError, RefusedError
from buildledger.bridge.machine import Machine, NoAnswerError, UnsuitableError
from buildledger.bridge.settings import BridgeSettings
from buildledger.worker.settings import WorkerSettings
from buildledger.worker.transport.credential import CredentialUnreadableError, load
from buildledger.worker.transport.enrollment import EnrollmentRefusedError
from buildledger.worker.transport.transport import PlainTransportRefusedError
from buildledger.worker.worker import Worker

AS_CONFIGURED = 1_000
"""More runs at once than any worker is given: the server's configuration alone decides."""
BROKE = "the Buildbot worker's connection broke"
_MEETING_SECONDS = 120.0
_LONGEST_REASON_BYTES = 120
"""Of a WebSocket's closing frame, for people."""

_log = logging.getLogger(__name__)

DrawToken = Callable[[Account], Awaitable[str | None]]
"""Gets an enrollment token for a worker that has no credential yet."""


class UnusableError(Exception):
    """The Buildbot worker can't be used until a person changes something; the text says what."""


class Attachment:
    """One connection of a Buildbot worker whose password was right."""

    def __init__(
        self, account: Account, connection: Connection, settings: BridgeSettings, draw_token: DrawToken
    ) -> None:
        self.ended = asyncio.Event()
        self._account = account
        self._connection = connection
        self._settings = settings
        self._draw_token = draw_token
        self._state_dir = settings.state_dir / "workers" / account.name
        self._worker: Worker | None = None
        self._serving: asyncio.Task[None] | None = None
        self._leaving = ""

    async def run(self, before: "Attachment | None") -> None:
        """Serve until the connection or the bridge ends, once nothing of `before` is at work.

        Raises:
            UnusableError: with what to do.
        """
        reading = asyncio.create_task(self._connection.run())
        serving = self._serving = asyncio.create_task(self._serve(before))
        try:
            await asyncio.wait([reading, serving], return_when=asyncio.FIRST_COMPLETED)
            if not serving.done():
                why = reading.result()
                _log.warning("the machine is gone: %s", why)
                await self._let_go(serving)
            with contextlib.suppress(ConnectionLostError, asyncio.CancelledError):
                await serving
        except UnusableError as error:
            self._leaving = str(error)
            raise
        finally:
            serving.cancel()
            await asyncio.gather(serving, return_exceptions=True)
            with contextlib.suppress(ConnectionLostError):
                await self._connection.close(_closing_reason(self._leaving or "the bridge is done"))
            reading.cancel()
            await asyncio.gather(reading, return_exceptions=True)
            self.ended.set()

    def shut_down(self, reason: str) -> None:
        """Stop all runs, deliver their results and disconnect; called again, kill them."""
        self._leaving = reason
        if self._worker is not None:
            self._worker.shut_down(reason)
        elif self._serving is not None:
            self._serving.cancel()

    async def is_alive(self, limit_seconds: float) -> bool:
        """Whether the machine answers within the limit."""
        try:
            async with asyncio.timeout(limit_seconds):
                await self._connection.request("keepalive")
        except (TimeoutError, ConnectionLostError, RefusedError):
            return False
        return True

    async def _serve(self, before: "Attachment | None") -> None:
        if before is not None:
            await before.ended.wait()
        self._state_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
        staging.clear(self._state_dir)
        try:
            async with asyncio.timeout(_MEETING_SECONDS):
                machine, executor = await self._meet()
        except (UnsuitableError, NoAnswerError, RefusedError) as error:
            raise UnusableError(str(error)) from error
        except TimeoutError:
            raise UnusableError("it doesn't answer as a Buildbot worker does") from None
        _log.info("attached: %s in %s", executor.software, machine.basedir)
        try:
            self._worker = Worker(await self._worker_settings(machine), executor)
            await self._worker.run()
        except (EnrollmentRefusedError, PlainTransportRefusedError, CredentialUnreadableError) as error:
            raise UnusableError(str(error)) from error

    async def _meet(self) -> tuple[Machine, BuildbotExecutor]:
        machine = await Machine.identify(self._connection)
        executor = BuildbotExecutor(machine, self._state_dir, takes_secrets=self._account.secrets)
        await executor.clean()
        await self._connection.request("print", message="attached to Build Ledger through its bridge")
        return machine, executor

    async def _worker_settings(self, machine: Machine) -> WorkerSettings:
        token = None
        credential = load(self._state_dir)
        if credential is None or credential.has_expired(time.time()):
            token = await self._draw_token(self._account)
            if token is None:
                raise UnusableError(
                    "it isn't enrolled with the server: give the bridge --api and --admin-token, or this worker an "
                    "enrollment_token in the file of workers (`buildledger token --worker NAME` makes one)"
                )
        return WorkerSettings(
            server=self._settings.server,
            name=self._account.name,
            state_dir=self._state_dir,
            work_dir=self._state_dir,
            labels=machine.labels() | self._account.labels,
            capacity=AS_CONFIGURED,
            enrollment_token=token,
            ca_file=self._settings.ca_file,
            tls=self._settings.tls,
            spool_bytes=self._settings.spool_bytes,
            handle_signals=False,
        )

    async def _let_go(self, serving: asyncio.Task[None]) -> None:
        """After the machine has disconnected: deliver what is known of its runs, then leave the server."""
        if self._worker is None:
            serving.cancel()
            return
        self._worker.drain(BROKE)
        await asyncio.wait([serving])


def _closing_reason(text: str) -> str:
    """The text, cut to what fits into a WebSocket's closing frame."""
    return text.encode()[:_LONGEST_REASON_BYTES].decode(errors="ignore")
