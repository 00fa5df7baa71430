"""Both ends of Twisted's AMP: the receiver on the standard streams of a command that OpenSSH runs, and its client.

ssh … python -m bench.transports.over_amp receive STORE
python -m bench.transports.over_amp send JOB ssh …
"""

from __future__ import annotations

import contextlib
import sys
import time
from pathlib import Path
from typing import Any

from twisted.internet import defer, reactor, stdio, task, threads
from twisted.internet.error import ProcessExitedAlready
from twisted.internet.protocol import ProcessProtocol
from twisted.protocols import amp

from bench.transports.job import RETRY_SECONDS, Outgoing, Store, unpack

# AMP's lengths have 16 bits: a value of 64 KiB doesn't fit, and a header stands before the data.
CHUNK_BYTES = 65_000


class Chunk(amp.Command):
    """A chunk with its header; answered when it is durable."""

    arguments = [(b"chunk", amp.String())]  # noqa: RUF012 - as AMP wants it
    response = [(b"through", amp.Integer())]  # noqa: RUF012 - as AMP's commands are written


class Resume(amp.Command):
    """Where to go on."""

    arguments: list[Any] = []  # noqa: RUF012 - as AMP's commands are written
    response = [(b"through", amp.Integer())]  # noqa: RUF012 - as AMP's commands are written


class Receiver(amp.AMP):
    """Stores chunks; one fsync for all that came meanwhile."""

    def __init__(self, store: Store) -> None:
        super().__init__()
        self._store = store
        self._waiting: list[defer.Deferred[Any]] = []
        self._syncing = False

    @Chunk.responder
    def chunk(self, chunk: bytes) -> defer.Deferred[Any]:
        """Store it; the answer comes when it is durable."""
        self._store.add(*unpack(chunk))
        answer: defer.Deferred[Any] = defer.Deferred()
        self._waiting.append(answer)
        if not self._syncing:
            self._sync()
        return answer

    @Resume.responder
    def resume(self) -> dict[str, int]:
        """How far everything is durable."""
        return {"through": self._store.durable}

    def _sync(self) -> None:
        self._syncing = True
        waiting, self._waiting = self._waiting, []

        def synced(through: int) -> None:
            self._syncing = False
            self._store.report()
            for answer in waiting:
                answer.callback({"through": through})
            if self._waiting:
                self._sync()

        threads.deferToThread(self._store.sync).addCallback(synced)

    def connectionLost(self, reason: Any) -> None:  # noqa: N802 - Twisted's name
        """The sender or its connection is gone; the next one starts another receiver."""
        super().connectionLost(reason)
        if reactor.running:
            reactor.stop()


class Ssh(ProcessProtocol):
    """The `ssh` that carries one connection."""

    def __init__(self) -> None:
        self.amp = amp.AMP()
        self.ended: defer.Deferred[None] = defer.Deferred()

    def connectionMade(self) -> None:  # noqa: N802 - Twisted's name
        """The command runs."""
        # AMP wants to know between whom it talks; a process's pipes can't say.
        self.transport.getPeer = self.transport.getHost = lambda: "ssh"
        self.amp.makeConnection(self.transport)

    def outReceived(self, data: bytes) -> None:  # noqa: N802 - Twisted's name
        """From the receiver."""
        self.amp.dataReceived(data)

    def processEnded(self, reason: Any) -> None:  # noqa: N802 - Twisted's name
        """Everything that waits for an answer fails."""
        self.amp.connectionLost(reason)
        self.ended.callback(None)


async def send(job: str, command: list[str]) -> None:
    """Send a job through as many connections as it takes."""
    outgoing = Outgoing(job, CHUNK_BYTES)
    while not outgoing.done:
        ssh = Ssh()
        process = reactor.spawnProcess(ssh, command[0], command, env=None)
        try:
            await _session(ssh, outgoing)
        except Exception as error:  # whatever broke: try again
            print(f"{time.monotonic():.3f} {type(error).__name__}: {error}", file=sys.stderr)
        if not ssh.ended.called:
            with contextlib.suppress(ProcessExitedAlready):
                process.signalProcess("KILL")
            await ssh.ended
        if not outgoing.done:
            await task.deferLater(reactor, RETRY_SECONDS, lambda: None)
    print(outgoing.report(), flush=True)
    reactor.stop()


async def _session(ssh: Ssh, outgoing: Outgoing) -> None:
    outgoing.resume((await ssh.amp.callRemote(Resume))["through"])
    wake: defer.Deferred[None] = defer.Deferred()
    failure: list[Any] = []

    def answered(answer: dict[str, int]) -> None:
        nonlocal wake
        outgoing.acknowledge(answer["through"])
        woken, wake = wake, defer.Deferred()
        woken.callback(None)

    def failed(reason: Any) -> None:
        nonlocal wake
        failure.append(reason)
        woken, wake = wake, defer.Deferred()
        woken.callback(None)

    while not outgoing.done:
        if failure:
            failure[0].raiseException()
        if not outgoing.may_send:
            await wake
            continue
        await task.deferLater(reactor, outgoing.pause(), lambda: None)
        ssh.amp.callRemote(Chunk, chunk=outgoing.take()).addCallbacks(answered, failed)


if __name__ == "__main__":
    if sys.argv[1] == "receive":
        stdio.StandardIO(Receiver(Store(Path(sys.argv[2]))))
    else:
        reactor.callWhenRunning(lambda: defer.ensureDeferred(send(sys.argv[2], sys.argv[3:])))
    reactor.run()
