"""How a worker notices that its server is gone, and what it does until it is back."""

import asyncio
import random

import pytest
from google.protobuf.duration_pb2 import Duration

from buildledger.grpc_protos.worker.v1 import worker_pb2 as pb
from buildledger.worker.transport.backoff import Backoff
from tests.fakes.cutting_proxy import CuttingProxy
from tests.fakes.scripted_server import ScriptedServer
from tests.worker.conftest import StartWorker, script


async def test_heartbeats(server: ScriptedServer, start_worker: StartWorker) -> None:
    """Heartbeats are numbered and tell what runs."""
    start_worker(server, heartbeat_seconds=0.1)
    await server.connected()
    key = server.run(script("sleep 60"))
    await server.until(lambda: bool(server.heartbeats) and len(server.heartbeats[-1].running) == 1)
    assert server.heartbeats[-1].running[0].run_id == key[0]
    assert [beat.n for beat in server.heartbeats] == list(range(1, len(server.heartbeats) + 1))
    assert server.heartbeats[-1].disk_free_bytes > 0


async def test_frozen_connection(server: ScriptedServer, proxy: CuttingProxy, start_worker: StartWorker) -> None:
    """A connection on which nothing comes any more is given up and replaced; the run's output is complete."""
    start_worker(proxy, heartbeat_seconds=0.4)
    key = server.run(script("echo a; sleep 1.5; echo b"))
    await server.until(lambda: server.last(key) == "output")
    proxy.freeze()
    await server.connected(2)
    await server.ended(key)
    assert server.output(key) == b"a\nb\n"
    server.check_totals(key)


async def test_silent_server(server: ScriptedServer, start_worker: StartWorker) -> None:
    """A server that doesn't answer heartbeats counts as gone although the connection stands."""
    server.answers_heartbeats = False
    start_worker(server, heartbeat_seconds=0.2)
    await server.connected(2)


async def test_orphans(server: ScriptedServer, start_worker: StartWorker) -> None:
    """Without a server for longer than it allowed, the worker ends its runs and tells so when it is back."""
    server.welcome.orphan_ttl.CopyFrom(Duration(nanos=300_000_000))
    start_worker(server)
    key = server.run(script("sleep 60"))
    await server.until(lambda: server.last(key) == "started")
    await server.stop()
    await asyncio.sleep(0.6)
    await server.start()
    assert (await server.ended(key)).reason == pb.EXIT_REASON_ORPHANED


async def test_fatal_refusal(server: ScriptedServer, start_worker: StartWorker) -> None:
    """A refusal that only a person can mend is repeated at the slowest pace, not in a spin."""
    server.refusal = pb.Error(code=pb.ERROR_CODE_UNAUTHENTICATED, fatal=True, message="revoked")
    start_worker(server)
    await server.connected()
    with pytest.raises(TimeoutError):
        await server.until(lambda: len(server.hellos) > 1, 3)


def test_backoff() -> None:
    """Delays are random, grow to a minute, begin small, and begin again after a success."""
    backoff = Backoff(random.Random(1))
    delays = [backoff.next_delay() for _ in range(200)]
    assert delays[0] <= 0.25
    assert max(delays[1:3]) <= 1.0
    assert 50 < max(delays) <= 60
    assert len(set(delays)) == 200
    backoff.succeeded()
    assert backoff.next_delay() <= 0.25
    assert 30 <= backoff.slowest_delay() <= 60
