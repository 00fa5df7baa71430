"""Admits Buildbot workers by name and password, in the HTTP request that opens a WebSocket."""

import asyncio
import logging
import time
from http import HTTPStatus

from websockets.asyncio.server import ServerConnection
from websockets.exceptions import InvalidHeader
from websockets.headers import parse_authorization_basic
from websockets.http11 import Request, Response

from buildledger.bridge.accounts import Account, Accounts
from buildledger.bridge.attachment import Attachment
from buildledger.bridge.settings import BridgeError

REFUSAL_SECONDS = 3.0
"""A refusal comes so late, for an old worker tries again after one second, for ever. It waits 5 s for an answer."""
ALIVE_SECONDS = 2.0
"""How long the machine that holds a name has to answer whether it is still there."""
REMINDER_SECONDS = 300.0
"""The log repeats a refusal at most that often."""
BLOCK_SECONDS = 60.0
"""How long a worker that can't be used is refused."""

_log = logging.getLogger(__name__)


class ConnectionListener:
    """Checks the opening request of each WebSocket; `attached` holds those that are connected, by name."""

    def __init__(self, accounts: Accounts, attached: dict[str, Attachment]) -> None:
        self._accounts = accounts
        self._attached = attached
        self._admitted: dict[int, Account] = {}
        self._told: dict[tuple[str, str], float] = {}
        self._unusable: dict[str, tuple[float, str]] = {}

    async def check(self, socket: ServerConnection, request: Request) -> Response | None:
        """None to admit a worker, else the refusal; this is `process_request` of the websockets library."""
        status, reason, name = HTTPStatus.UNAUTHORIZED, "the bridge knows no such name and password", ""
        try:
            name, password = _credentials(request)
            account = self._accounts.find(name)
            if account is not None and await asyncio.to_thread(account.accepts, password):
                busy = await self._busy(name)
                if not busy:
                    self._admitted[id(socket)] = account
                    return None
                status, reason = HTTPStatus.CONFLICT, busy
        except InvalidHeader:
            reason = "a Buildbot worker says its name and password: use --protocol=msgpack_experimental_v7"
        except BridgeError as error:
            status, reason = HTTPStatus.SERVICE_UNAVAILABLE, "the bridge can't read its file of workers"
            _log.error("%s", error)
        self._tell(name, socket, reason)
        await asyncio.sleep(REFUSAL_SECONDS)
        response = socket.respond(status, reason + "\n")
        # An old worker writes this line to its log, and nothing of the body.
        response.reason_phrase = reason
        return response

    def account(self, socket: ServerConnection) -> Account:
        """The account that was admitted with this WebSocket; may be asked for once."""
        return self._admitted.pop(id(socket))

    def block(self, name: str, reason: str) -> None:
        """Refuse a worker for a minute, because it can't be used."""
        self._unusable[name] = (time.monotonic() + BLOCK_SECONDS, reason)

    async def _busy(self, name: str) -> str:
        """Why a worker with the right password is refused; empty if it is admitted."""
        until, reason = self._unusable.get(name, (0.0, ""))
        if time.monotonic() < until:
            return reason
        holder = self._attached.get(name)
        if holder is not None and not holder.ended.is_set() and await holder.is_alive(ALIVE_SECONDS):
            return "another machine is attached under this name"
        return ""

    def _tell(self, name: str, socket: ServerConnection, reason: str) -> None:
        now = time.monotonic()
        host = str(socket.remote_address[0]) if socket.remote_address else "nowhere"
        key = (name, reason)
        if now - self._told.get(key, -REMINDER_SECONDS) >= REMINDER_SECONDS:
            if len(self._told) > 1000:
                self._told.clear()
            self._told[key] = now
            _log.warning("refusing %r from %s: %s", name, host, reason)


def _credentials(request: Request) -> tuple[str, str]:
    header = request.headers.get("Authorization")
    if header is None:
        raise InvalidHeader("Authorization")
    return parse_authorization_basic(header)
