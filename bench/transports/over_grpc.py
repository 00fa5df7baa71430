"""Both ends of our gRPC stream: the worker's messages and options, without what a real server and worker do beside.

python -m bench.transports.over_grpc receive STORE PORT
python -m bench.transports.over_grpc send HOST:PORT JOB CONNECTIONS
"""

from __future__ import annotations

import asyncio
import contextlib
import sys
from pathlib import Path
from typing import Any

import grpc.aio

from bench.transports.job import RETRY_SECONDS, Outgoing, Store, unpack
from buildledger.grpc_protos.worker.v1 import worker_pb2 as pb
from buildledger.grpc_protos.worker.v1 import worker_pb2_grpc
from buildledger.slave_grpc import server as server_

CHUNK_BYTES = 64 * 1024
EVENTS_PER_MESSAGE = 3
"""As a worker gathers them: a message stays within 256 KiB."""


async def receive(path: Path, port: int) -> None:
    """Serve until killed; the first message says where to go on."""
    store = Store(path)
    server = server_.make_server()

    async def session(context: Any) -> None:
        await context.read()
        await context.write(_ack(store.durable))
        wake, ended = asyncio.Event(), False

        async def keep() -> None:
            while not ended or store.end > store.durable:
                await wake.wait()
                wake.clear()
                await context.write(_ack(await asyncio.to_thread(store.sync)))
                store.report()

        keeping = asyncio.create_task(keep())
        try:
            while (arrived := await context.read()) is not grpc.aio.EOF:
                for event in arrived[0].events.events:
                    store.add(*unpack(event.output.data))
                wake.set()
        finally:
            keeping.cancel()

    server_.add_sessions(server, session)
    server.add_insecure_port(f"127.0.0.1:{port}")
    await server.start()
    print("ready", flush=True)
    await server.wait_for_termination()


def _ack(through: int) -> pb.Down:
    return pb.Down(progress=pb.Progress(acks=[pb.Ack(run_id="run", attempt=1, through_event=through)]))


async def send(address: str, job: str, connections: int) -> None:
    """Send a job, through as many connections as it takes; or hold idle ones."""
    if job == "idle":
        calls = [_call(address) for _ in range(connections)]
        for _, call in calls:
            await call.write(pb.Up(hello=pb.Hello(name="idle")))
            await call.read()
        print("ready", flush=True)
        await asyncio.Event().wait()
    outgoing = Outgoing(job, CHUNK_BYTES)
    while not outgoing.done:
        # A broken call shows as an error of its own, or as one of the state that it is in by then.
        with contextlib.suppress(Exception):
            await _session(address, outgoing)
        if not outgoing.done:
            await asyncio.sleep(RETRY_SECONDS)
    print(outgoing.report(), flush=True)


def _call(address: str) -> tuple[grpc.aio.Channel, Any]:
    channel = grpc.aio.insecure_channel(address, options=[("grpc.use_local_subchannel_pool", 1)])
    return channel, worker_pb2_grpc.WorkerStub(channel).Session()


async def _session(address: str, outgoing: Outgoing) -> None:
    channel, call = _call(address)
    async with channel:
        await call.write(pb.Up(hello=pb.Hello(name="bench")))
        first = await call.read()
        if first is grpc.aio.EOF:
            raise ConnectionError("no answer")
        outgoing.resume(first.progress.acks[0].through_event)
        acked = asyncio.Event()

        async def listen() -> None:
            while (down := await call.read()) is not grpc.aio.EOF:
                outgoing.acknowledge(down.progress.acks[0].through_event)
                acked.set()

        listening = asyncio.create_task(listen())
        while not outgoing.done and not listening.done():
            if not outgoing.may_send:
                acked.clear()
                await asyncio.wait([listening, asyncio.create_task(acked.wait())], return_when="FIRST_COMPLETED")
                continue
            if pause := outgoing.pause():
                await asyncio.sleep(pause)
            events: list[pb.RunEvent] = []
            while len(events) < EVENTS_PER_MESSAGE and outgoing.may_send and not outgoing.pause():
                events.append(
                    pb.RunEvent(run_id="run", attempt=1, output=pb.Output(channel="stdio", data=outgoing.take()))
                )
            if events:
                await call.write(pb.Up(events=pb.RunEvents(events=events)))
        if listening.done():
            listening.result()
        listening.cancel()
        call.cancel()


if __name__ == "__main__":
    role, where, *rest = sys.argv[1:]
    asyncio.run(receive(Path(where), int(rest[0])) if role == "receive" else send(where, rest[0], int(rest[1])))
