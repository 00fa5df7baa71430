"""The bridge program: listens for Buildbot workers, and keeps one attachment for each."""

import asyncio
import contextlib
import fcntl
import logging
import signal
import ssl
from collections.abc import AsyncIterator, Callable, Iterator
from functools import partial

from websockets.asyncio.server import Server, ServerConnection, serve

from buildledger.bridge.accounts import Accounts
from buildledger.bridge.attachment import Attachment, UnusableError
from buildledger.bridge.connection import LONGEST_MESSAGE_BYTES, Connection
from buildledger.bridge.listener import ConnectionListener
from buildledger.bridge.log_context import WORKER
from buildledger.bridge.settings import BridgeError, BridgeSettings
from buildledger.bridge.tokens import TokenSource
from buildledger.worker.main_loop import handled

_CLOSE_SECONDS = 2.0

_log = logging.getLogger(__name__)


class Bridge:
    """Listens on one address and holds the attachment of each Buildbot worker."""

    def __init__(self, settings: BridgeSettings) -> None:
        """Check the settings; nothing is opened yet.

        Raises:
            BridgeError: A setting can't be followed.
        """
        settings.check()
        self.port = 0
        self._settings = settings
        self._accounts = Accounts(settings.workers_file)
        self._tokens = TokenSource(settings)
        self._attached: dict[str, Attachment] = {}
        self._listener = ConnectionListener(self._accounts, self._attached)
        self._leaving = ""

    @contextlib.asynccontextmanager
    async def listening(self) -> AsyncIterator[None]:
        """Accept connections while the context is open; all attachments have ended when it closes.

        Raises:
            BridgeError: the address can't be had.
        """
        try:
            server = await serve(
                self._attach,
                self._settings.listen_host,
                self._settings.listen_port,
                process_request=self._listener.check,
                ssl=_tls(self._settings),
                max_size=LONGEST_MESSAGE_BYTES,
                compression=None,
                # The bridge has keepalives of its own, which wait while it reads nothing on purpose.
                ping_interval=None,
                close_timeout=_CLOSE_SECONDS,
                server_header=None,
            )
        except (OSError, ssl.SSLError) as error:
            raise BridgeError(
                f"can't listen on {self._settings.listen_host}:{self._settings.listen_port}: {error}"
            ) from error
        self.port = next(iter(server.sockets)).getsockname()[1]
        _log.info("port %d is open, names in the file of workers: %d", self.port, len(self._accounts))
        try:
            yield
        finally:
            await self._leave(server)

    def shut_down(self, reason: str) -> None:
        """Refuse new connections and stop all runs; called again, kill them."""
        self._leaving = reason
        _log.info("shutting down: %s", reason)
        for attachment in list(self._attached.values()):
            attachment.shut_down(reason)

    async def _leave(self, server: Server) -> None:
        if not self._leaving:
            self.shut_down("the bridge ends")
        server.close(close_connections=False)
        await asyncio.gather(*(attachment.ended.wait() for attachment in self._attached.values()))
        server.close()
        await server.wait_closed()

    async def _attach(self, socket: ServerConnection) -> None:
        """Serve one WebSocket from its opening to its end."""
        account = self._listener.account(socket)
        if self._leaving:
            return
        WORKER.set(account.name)
        before = self._attached.get(account.name)
        attachment = Attachment(account, Connection(socket), self._settings, self._tokens.draw)
        self._attached[account.name] = attachment
        try:
            await attachment.run(before)
        except UnusableError as error:
            _log.error("the machine can't be used: %s", error)
            self._listener.block(account.name, str(error))
        except Exception:
            # A fault in serving one machine must not end the others.
            _log.exception("the bridge failed")
        finally:
            attachment.ended.set()
            if self._attached.get(account.name) is attachment:
                del self._attached[account.name]


async def run_bridge(settings: BridgeSettings, announce: Callable[[str], None]) -> None:
    """Run the bridge until SIGTERM or SIGINT.

    Raises:
        BridgeError: the settings can't be used, or the address is taken.
    """
    settings.state_dir.mkdir(parents=True, exist_ok=True)
    settings.state_dir.chmod(0o700)
    with _exclusive(settings):
        bridge = Bridge(settings)
        ending = asyncio.Event()

        def end(reason: str) -> None:
            bridge.shut_down(reason)
            ending.set()

        ends = {number: partial(end, number.name) for number in (signal.SIGTERM, signal.SIGINT)}
        with handled(ends):
            async with bridge.listening():
                announce(f"Buildbot workers may attach at {settings.listen_host}:{bridge.port}, for {settings.server}")
                await ending.wait()


@contextlib.contextmanager
def _exclusive(settings: BridgeSettings) -> Iterator[None]:
    """Hold the state directory's lock; the system lets go of it however the process ends."""
    with (settings.state_dir / "lock").open("ab") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise BridgeError(f"another bridge is using {settings.state_dir}") from error
        yield


def _tls(settings: BridgeSettings) -> ssl.SSLContext | None:
    if settings.certificate is None:
        return None
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(settings.certificate, settings.key)
    return context
