"""A server that answers others: real stores, and the service on a real TLS listener."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from buildledger.clock import SystemClock
from buildledger.composition.lifetime import Lifetime
from buildledger.composition.web import listen, serve_app
from buildledger.logs.artifacts_local import LocalArtifactStore
from buildledger.logs.elsewhere import NoOtherStores, Peer
from buildledger.logs.local import LocalLogStore
from buildledger.logs.shared import SharedLogStore
from buildledger.peers.client import HttpPeer
from buildledger.peers.identity import access_token, make_certificate
from buildledger.peers.service import PeerService
from buildledger.settings import Address
from tests.fakes.ports import free_port

KEY = b"the installation's"
PLACE = "ci-2 (/var/lib/buildledger)"


class Asked:
    """Other servers as they are given."""

    def __init__(self, *peers: Peer, unreadable: Mapping[str, str] | None = None) -> None:
        self.known = list(peers)
        self.without = dict(unreadable or {})

    def readable(self) -> Sequence[Path]:
        """None."""
        return ()

    def peers(self) -> Sequence[Peer]:
        """As given."""
        return self.known

    def unreadable(self) -> Mapping[str, str]:
        """As given."""
        return self.without


@dataclass(frozen=True, kw_only=True)
class Answering:
    """One that answers, and what it keeps."""

    logs: LocalLogStore
    artifacts: LocalArtifactStore
    address: str
    certificate: str
    peer: HttpPeer
    """How another one asks it."""
    stop: AsyncExitStack
    """Closing it ends the service; the stores stay."""


@asynccontextmanager
async def answering(directory: Path, port: int | None = None) -> AsyncIterator[Answering]:
    """A server with stores in `directory`."""
    async with AsyncExitStack() as stack:
        logs = LocalLogStore(directory / "logs")
        stack.callback(logs.close)
        artifacts = LocalArtifactStore(directory / "artifacts")
        certificate = make_certificate(directory, SystemClock().now())
        stop = await stack.enter_async_context(AsyncExitStack())
        listener = stop.enter_context(listen(Address(host="127.0.0.1", port=port or free_port())))
        await serve_app(
            PeerService(SharedLogStore(logs, NoOtherStores()), artifacts, access_token(KEY, "store-2")),
            listener,
            "peers",
            Lifetime(),
            stop,
            ssl_certfile=certificate.certificate,
            ssl_keyfile=certificate.key,
        )
        address = f"127.0.0.1:{listener.getsockname()[1]}"
        peer = HttpPeer(PLACE, address, certificate.pem, access_token(KEY, "store-2"))
        stack.push_async_callback(peer.close)
        yield Answering(
            logs=logs, artifacts=artifacts, address=address, certificate=certificate.pem, peer=peer, stop=stop
        )
