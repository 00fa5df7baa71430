"""The smallest useful worker, without any optional feature: smallest_worker.py HOST:PORT NAME DIRECTORY."""

import asyncio
import contextlib
import os
import platform
import random
import signal
import sys
import uuid
from asyncio.subprocess import DEVNULL, PIPE
from pathlib import Path

import google_crc32c
import grpc

from buildledger.grpc_protos.worker.v1 import worker_pb2 as pb
from buildledger.grpc_protos.worker.v1 import worker_pb2_grpc


# One attempt: its process while there is one, and its events, in memory, until the server has them.
class Run:
    def __init__(self, want, worker):
        self.name = {"run_id": want.run_id, "attempt": want.attempt, "fence": want.fence}
        self.want, self.worker, self.process, self.reason = want, worker, None, pb.EXIT_REASON_COMPLETED
        self.events, self.acked, self.sent, self.unacked_bytes, self.has_ended = [], 0, 0, 0, False
        self.task = asyncio.create_task(self.perform())

    def tell(self, **event):
        self.events.append(pb.RunEvent(**self.name, event_no=self.acked + len(self.events) + 1, **event))
        self.unacked_bytes += len(self.events[-1].output.data)
        self.has_ended = self.has_ended or "exited" in event or "rejected" in event
        self.worker.news.set()

    async def perform(self):
        spec, command = self.want.spec, self.want.spec.command
        place = f"{spec.builddir}/{command.cwd}".removesuffix("/")
        extras = (*spec.files_in, *spec.files_out, *command.secrets, *command.watch_files, *command.stdin)
        if self.want.want != pb.WANT_RUN:
            return self.tell(rejected=pb.Rejected(code=pb.REJECT_CODE_STOPPED_BEFORE_START))
        is_outside = {"", ".", ".."}.intersection(place.split("/"))
        if extras or is_outside or command.merge_stderr or command.HasField("pty") or not command.argv.args:
            code = pb.REJECT_CODE_PATH_ESCAPES if is_outside else pb.REJECT_CODE_UNSUPPORTED
            return self.tell(rejected=pb.Rejected(code=code))
        self.tell(accepted=pb.Accepted())
        (self.worker.directory / spec.builddir).mkdir(parents=True, exist_ok=True)
        around = {"cwd": self.worker.directory / place, "env": {**os.environ, **command.env}, "start_new_session": True}
        pipes = {"stdin": DEVNULL, "stdout": PIPE, "stderr": PIPE}
        try:
            self.process = await asyncio.create_subprocess_exec(*command.argv.args, **pipes, **around)
        except OSError as error:
            why = pb.START_FAILURE_PROGRAM_NOT_FOUND if error.errno == 2 else pb.START_FAILURE_OTHER
            return self.tell(exited=pb.Exited(reason=pb.EXIT_REASON_START_FAILED, start_failure=why))
        self.tell(started=pb.Started(pid=self.process.pid, mechanism="process_group"))
        streams = (("stdout", self.process.stdout), ("stderr", self.process.stderr))
        totals = [each for each in await asyncio.gather(*(self.deliver(*each) for each in streams)) if each.bytes]
        status = {"code": code} if (code := await self.process.wait()) >= 0 else {"signal": -code}
        return self.tell(exited=pb.Exited(reason=self.reason, output_totals=totals, **status))

    async def deliver(self, channel, stream):
        offset = 0
        while data := await stream.read(4096):  # never more than Welcome.chunk_bytes may be
            self.tell(output=pb.Output(channel=channel, offset=offset, data=data, crc32c=google_crc32c.value(data)))
            offset += len(data)
            while self.unacked_bytes >= self.worker.credit_bytes:  # noqa: ASYNC110 - the program waits; the server is behind
                await asyncio.sleep(0.05)
        return pb.OutputTotal(channel=channel, bytes=offset)

    def kill(self):
        self.reason = pb.EXIT_REASON_CANCEL
        if self.process is not None and not self.has_ended:
            os.killpg(self.process.pid, signal.SIGKILL)

    def acknowledge(self, ack):
        while self.events and self.acked < ack.through_event:
            event = self.events.pop(0)
            self.acked, self.unacked_bytes = event.event_no, self.unacked_bytes - len(event.output.data)
        self.sent = ack.resume_from - 1 if ack.resume_from else max(self.sent, self.acked)
        self.worker.news.set()
        return ack.release


# What runs there are, and the conversation about them.
class Worker:
    def __init__(self, server, name, directory):
        self.server, self.name, self.directory = server, name, Path(directory).resolve()
        self.runs, self.news, self.seen, self.instance = {}, asyncio.Event(), (0, 0), str(uuid.uuid4())

    async def work(self):
        while True:
            with contextlib.suppress(grpc.aio.AioRpcError):
                async with grpc.aio.insecure_channel(self.server) as channel:
                    await self.hold_session(worker_pb2_grpc.WorkerStub(channel).Session())
            await asyncio.sleep(random.uniform(0, 2))  # noqa: S311 - jitter is no secret

    async def hold_session(self, call):
        me = {"name": self.name, "boot_id": self.instance, "instance_id": self.instance, "software": "smallest/1"}
        machine = {"os": platform.system().lower(), "arch": platform.machine().lower(), "encoding": "utf-8"}
        terms = {"proto_min": 1, "proto_max": 1, "capacity": 1, "limits": pb.Limits(message_bytes=1 << 20)}
        hello = pb.Hello(**me, **machine, **terms, work_directory=str(self.directory), last_epoch=self.seen[0])
        for run in self.runs.values():
            run.sent, state = run.acked, pb.RUN_STATE_EXITED if run.has_ended else pb.RUN_STATE_RUNNING
            hello.runs.add(**run.name, state=state, next_event=run.acked + len(run.events) + 1, acked_through=run.acked)
        await call.write(pb.Up(hello=hello))
        first = await call.read()
        if first is grpc.aio.EOF or first.welcome.proto != 1 or first.welcome.epoch < self.seen[0]:
            return
        self.credit_bytes = first.welcome.run_credit_bytes or 1 << 20
        sender = asyncio.create_task(self.send(call, first.welcome.heartbeat.seconds or 10))
        try:
            while (message := await call.read()) is not grpc.aio.EOF:
                if (message.desired.epoch, message.desired.revision) >= self.seen:
                    self.converge(message.desired)
                for ack in message.progress.acks:
                    key = (ack.run_id, ack.attempt)
                    if key in self.runs and self.runs[key].acknowledge(ack):
                        del self.runs[key]
        finally:
            sender.cancel()

    def converge(self, desired):
        self.seen = (desired.epoch, desired.revision)
        for want in desired.runs:
            run = self.runs.get((want.run_id, want.attempt))
            if run is None and want.want != pb.WANT_RELEASE:
                self.runs[want.run_id, want.attempt] = Run(want, self)
            elif run is not None and want.want in (pb.WANT_STOP, pb.WANT_ABANDON):
                run.kill()
            elif run is not None and want.want == pb.WANT_RELEASE and run.has_ended:
                del self.runs[want.run_id, want.attempt]
        for key in self.runs.keys() - {(want.run_id, want.attempt) for want in desired.runs} if desired.full else ():
            self.runs.pop(key).kill()

    async def send(self, call, heartbeat):
        beats, due, clock = 0, 0, asyncio.get_running_loop().time
        while True:
            self.news.clear()
            for run in list(self.runs.values()):
                for event in run.events[run.sent - run.acked :]:
                    run.sent = event.event_no
                    await call.write(pb.Up(events=pb.RunEvents(events=[event])))
            if clock() >= due:
                beats, due = beats + 1, clock() + heartbeat
                await call.write(pb.Up(heartbeat=pb.Heartbeat(n=beats)))
            await asyncio.wait([asyncio.ensure_future(self.news.wait())], timeout=max(due - clock(), 0))


asyncio.run(Worker(*sys.argv[1:4]).work())
