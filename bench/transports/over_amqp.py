"""Both ends of a durable queue in RabbitMQ: persistent messages, publisher confirms, manual acknowledgements.

python -m bench.transports.over_amqp receive STORE URL
python -m bench.transports.over_amqp send URL JOB CONNECTIONS
"""

from __future__ import annotations

import asyncio
import contextlib
import sys
from pathlib import Path

import aiormq
from aiormq.abc import DeliveredMessage
from pamqp.commands import Basic

from bench.transports.job import RETRY_SECONDS, WINDOW_BYTES, Outgoing, Store, unpack

CHUNK_BYTES = 64 * 1024
QUEUE = "run"
CLOSE_SECONDS = 0.5
PERSISTENT = Basic.Properties(delivery_mode=2)


async def receive(path: Path, url: str) -> None:
    """Consume until killed: store, make durable, acknowledge to the broker."""
    store, arrived = Store(path), asyncio.Event()
    last: int | None = None
    connection = await aiormq.connect(url)
    channel = await connection.channel()
    await channel.queue_declare(QUEUE, durable=True)
    await channel.queue_purge(QUEUE)
    await channel.basic_qos(prefetch_count=2 * WINDOW_BYTES // CHUNK_BYTES)

    async def take(message: DeliveredMessage) -> None:
        nonlocal last
        store.add(*unpack(message.body))
        last = message.delivery_tag
        arrived.set()

    await channel.basic_consume(QUEUE, take)
    print("ready", flush=True)
    while True:
        await arrived.wait()
        arrived.clear()
        through = last
        await asyncio.to_thread(store.sync)
        await channel.basic_ack(through, multiple=True)
        store.report()


async def send(url: str, job: str, connections: int) -> None:
    """Publish a job; a confirm says that the broker has a message on its disk. Or hold idle consumers."""
    if job == "idle":
        held = [await aiormq.connect(url) for _ in range(connections)]
        for number, connection in enumerate(held):
            channel = await connection.channel()
            await channel.queue_declare(f"idle-{number}", durable=True)
            await channel.basic_consume(f"idle-{number}", _ignore)
        print("ready", flush=True)
        await asyncio.Event().wait()
    outgoing = Outgoing(job, CHUNK_BYTES)
    while not outgoing.done:
        # A broken connection shows as one of a dozen errors, and as the cancellation of what waited for a confirm.
        with contextlib.suppress(Exception, asyncio.CancelledError):
            await _session(url, outgoing)
        if not outgoing.done:
            await asyncio.sleep(RETRY_SECONDS)
    print(outgoing.report(), flush=True)


async def _ignore(message: DeliveredMessage) -> None:
    """Nothing is ever sent to it."""


async def _session(url: str, outgoing: Outgoing) -> None:
    connection = await aiormq.connect(url)
    try:
        channel = await connection.channel(publisher_confirms=True)
        # The broker can't say what it has of this sender: what isn't confirmed is sent again.
        outgoing.resume(outgoing.acked)
        confirmed, waiting = asyncio.Event(), set[asyncio.Task[None]]()
        ends: dict[int, int] = {}

        async def publish(chunk: bytes, start: int, end: int) -> None:
            ends[start] = end
            await channel.basic_publish(chunk, routing_key=QUEUE, properties=PERSISTENT)
            ends[start] = -end
            while (through := ends.get(outgoing.acked, 0)) < 0:
                del ends[outgoing.acked]
                outgoing.acknowledge(-through)
            confirmed.set()

        while not outgoing.done:
            for task in [task for task in waiting if task.done()]:
                waiting.discard(task)
                task.result()
            if not outgoing.may_send:
                confirmed.clear()
                done = asyncio.create_task(confirmed.wait())
                await asyncio.wait([done, *waiting], return_when="FIRST_COMPLETED")
                done.cancel()
                continue
            if pause := outgoing.pause():
                await asyncio.sleep(pause)
            start, chunk = outgoing.next, outgoing.take()
            waiting.add(asyncio.create_task(publish(chunk, start, outgoing.next)))
            await asyncio.sleep(0)
    finally:
        for task in waiting:
            task.cancel()
        with contextlib.suppress(Exception):
            # It waits for the other end's word, which a connection that was cut never gets.
            await asyncio.wait_for(connection.close(), CLOSE_SECONDS)


if __name__ == "__main__":
    role, where, *rest = sys.argv[1:]
    asyncio.run(receive(Path(where), rest[0]) if role == "receive" else send(where, rest[0], int(rest[1])))
