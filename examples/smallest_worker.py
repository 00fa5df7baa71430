"""The smallest useful worker: runs programs and tells what came of them, without any optional feature.

    python examples/smallest_worker.py HOST:PORT NAME DIRECTORY

It keeps its events in memory, so it survives a broken connection but not its own end.
"""

import asyncio
import contextlib
import hashlib
import os
import pathlib
import platform
import random
import signal
import subprocess
import sys
import uuid

import google_crc32c
import grpc

from buildledger.grpc_protos.worker.v1 import worker_pb2 as pb
from buildledger.grpc_protos.worker.v1 import worker_pb2_grpc

SERVER, NAME, DIRECTORY = sys.argv[1], sys.argv[2], pathlib.Path(sys.argv[3]).resolve()
INSTANCE, MOST_UNACKED_EVENTS = str(uuid.uuid4()), 64
runs, tasks, news, seen = {}, set(), asyncio.Event(), (0, 0)


class Run:
    """One attempt: its events until the server has them, and its process while there is one."""

    def __init__(self, want):
        self.name = {"run_id": want.run_id, "attempt": want.attempt, "fence": want.fence}
        self.spec, self.process, self.is_stopped, self.has_ended = want.spec, None, False, False
        self.events, self.acked, self.sent, self.output_end, self.output_acked = [], 0, 0, 0, 0

    def tell(self, **event):
        """Numbers an event and has it sent."""
        number = self.acked + len(self.events) + 1
        self.events.append((self.output_end, pb.RunEvent(**self.name, event_no=number, **event)))
        self.output_end += len(event["output"].data) if "output" in event else 0
        self.has_ended = self.has_ended or "exited" in event or "rejected" in event
        news.set()

    async def perform(self):
        """Runs the program to its end."""
        spec, command = self.spec, self.spec.command
        files, extras = (*spec.files_in, *spec.files_out), (*command.secrets, *command.watch_files)
        more = files or extras or command.stdin or command.merge_stderr or command.HasField("pty")
        if more or command.WhichOneof("program") != "argv":
            return self.tell(rejected=pb.Rejected(code=pb.REJECT_CODE_UNSUPPORTED, message="this isn't offered"))
        parts = spec.builddir.split("/") + (command.cwd.split("/") if command.cwd else [])
        if {"", ".", ".."}.intersection(parts):
            return self.tell(rejected=pb.Rejected(code=pb.REJECT_CODE_PATH_ESCAPES, message=spec.builddir))
        self.tell(accepted=pb.Accepted())
        (DIRECTORY / spec.builddir).mkdir(parents=True, exist_ok=True)
        pipes = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
        place = {"cwd": DIRECTORY.joinpath(*parts), "env": {**os.environ, **command.env}, "start_new_session": True}
        try:
            self.process = await asyncio.create_subprocess_exec(*command.argv.args, **place, **pipes)
        except OSError as error:
            why = pb.START_FAILURE_PROGRAM_NOT_FOUND if error.errno == 2 else pb.START_FAILURE_OTHER
            return self.tell(
                exited=pb.Exited(reason=pb.EXIT_REASON_START_FAILED, start_failure=why, message=str(error))
            )
        self.tell(started=pb.Started(pid=self.process.pid, mechanism="process_group"))
        streams = (("stdout", self.process.stdout), ("stderr", self.process.stderr))
        totals = await asyncio.gather(*(self.deliver(*each) for each in streams))
        code = await self.process.wait()
        status = {"code": code} if code >= 0 else {"signal": -code}
        reason = pb.EXIT_REASON_CANCEL if self.is_stopped else pb.EXIT_REASON_COMPLETED
        totals = [each for each in totals if each.bytes]
        return self.tell(exited=pb.Exited(reason=reason, output_totals=totals, **status))

    async def deliver(self, channel, stream):
        """Turns what a stream brings into events."""
        offset, digest = 0, hashlib.sha256()
        while data := await stream.read(4096):  # never more than Welcome.chunk_bytes may be
            self.tell(output=pb.Output(channel=channel, offset=offset, data=data, crc32c=google_crc32c.value(data)))
            digest.update(data)
            offset += len(data)
            while len(self.events) > MOST_UNACKED_EVENTS:  # noqa: ASYNC110 - the program waits; the server is behind
                await asyncio.sleep(0.05)
        return pb.OutputTotal(channel=channel, bytes=offset, sha256=digest.digest())

    def kill(self):
        """End the program and its group."""
        self.is_stopped = True
        if self.process is not None and not self.has_ended:
            os.killpg(self.process.pid, signal.SIGKILL)

    def acknowledge(self, ack):
        """Lets go of what the server has, and goes back if it misses something."""
        while self.events and self.acked < ack.through_event:
            start, event = self.events.pop(0)
            self.acked, self.output_acked = event.event_no, start + len(event.output.data)
        self.sent = ack.resume_from - 1 if ack.resume_from else max(self.sent, self.acked)
        news.set()


def apply(desired):
    """Converges to what the server wants."""
    global seen
    if (desired.epoch, desired.revision) < seen:
        return
    seen = (desired.epoch, desired.revision)
    for want in desired.runs:
        key = (want.run_id, want.attempt)
        if key in runs and want.want in (pb.WANT_STOP, pb.WANT_ABANDON):
            runs[key].kill()
        elif key in runs and want.want == pb.WANT_RELEASE and runs[key].has_ended:
            del runs[key]
        elif key not in runs and want.want != pb.WANT_RELEASE:
            runs[key] = Run(want)
            if want.want == pb.WANT_RUN:
                tasks.add(asyncio.create_task(runs[key].perform()))
            else:
                runs[key].tell(rejected=pb.Rejected(code=pb.REJECT_CODE_STOPPED_BEFORE_START))
    for key in runs.keys() - {(want.run_id, want.attempt) for want in desired.runs} if desired.full else ():
        runs.pop(key).kill()


async def send(call, heartbeat, credit):
    """Events as they come and credit allows, and heartbeats."""
    clock, beats = asyncio.get_running_loop().time, 0
    due = clock() + heartbeat
    while True:
        news.clear()
        for run in list(runs.values()):
            for start, event in run.events[run.sent - run.acked :]:
                if not event.HasField("output") or start < run.output_acked + credit:
                    run.sent = event.event_no
                    await call.write(pb.Up(events=pb.RunEvents(events=[event])))
        if clock() >= due:
            beats, due = beats + 1, due + heartbeat
            await call.write(pb.Up(heartbeat=pb.Heartbeat(n=beats)))
        await asyncio.wait([asyncio.ensure_future(news.wait())], timeout=max(due - clock(), 0))


async def session(call):
    """One stream, until it breaks."""
    held = []
    for run in runs.values():
        run.sent, state = run.acked, pb.RUN_STATE_EXITED if run.has_ended else pb.RUN_STATE_RUNNING
        next_event = run.acked + len(run.events) + 1
        held.append(pb.RunSummary(**run.name, state=state, next_event=next_event, acked_through=run.acked))
    me = {"name": NAME, "boot_id": INSTANCE, "instance_id": INSTANCE, "software": "smallest-worker/1"}
    machine = {"os": platform.system().lower(), "arch": platform.machine().lower(), "encoding": "utf-8"}
    terms = {"proto_min": 1, "proto_max": 1, "capacity": 1, "work_directory": str(DIRECTORY)}
    terms["limits"] = pb.Limits(message_bytes=1 << 20)
    await call.write(pb.Up(hello=pb.Hello(**me, **machine, **terms, runs=held, last_epoch=seen[0])))
    first = await call.read()
    if first is grpc.aio.EOF or first.welcome.proto != 1 or first.welcome.epoch < seen[0]:
        return
    heartbeat, credit = first.welcome.heartbeat.seconds or 10, first.welcome.run_credit_bytes or 1 << 20
    sender = asyncio.create_task(send(call, heartbeat, credit))
    try:
        while (message := await call.read()) is not grpc.aio.EOF:
            apply(message.desired)
            for ack in message.progress.acks:
                if run := runs.get((ack.run_id, ack.attempt)):
                    run.acknowledge(ack)
                    if ack.release:
                        del runs[ack.run_id, ack.attempt]
    finally:
        sender.cancel()


async def main():
    """Connect again and again."""
    while True:
        with contextlib.suppress(grpc.aio.AioRpcError):
            async with grpc.aio.insecure_channel(SERVER, options=[("grpc.use_local_subchannel_pool", 1)]) as channel:
                await session(worker_pb2_grpc.WorkerStub(channel).Session())
        await asyncio.sleep(random.uniform(0, 2))  # noqa: S311 - jitter is no secret


asyncio.run(main())
