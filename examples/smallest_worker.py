"""The smallest useful worker, for a server on this machine: smallest_worker.py HOST:PORT NAME DIRECTORY [BL-WORKER]."""

import asyncio
import os
import random
import shutil
import sys
import time
from contextlib import suppress
from pathlib import Path
from subprocess import PIPE, Popen, check_output

import grpc
from google.protobuf import proto

from buildledger.grpc_protos.worker.v1 import worker_pb2 as pb
from buildledger.grpc_protos.worker.v1 import worker_pb2_grpc as rpc

KEEPALIVE = [("grpc.keepalive_time_ms", 20_000), ("grpc.http2.ping_timeout_ms", 10_000)]
TICK, MINUTE = 0.02, 60  # seconds


class Run:
    """One attempt: the program that carries it out, and its events, in memory, until the server has them."""

    def __init__(self, want, worker):
        self.ref, self.fence, self.wants = {"run_id": want.run_id, "attempt": want.attempt}, want.fence, [want]
        self.events, self.sent, self.acked, self.has_ended, self.program = [], 0, 0, False, None
        self.task = asyncio.create_task(self.perform(worker))

    async def perform(self, worker):
        """Read what the program tells, as far as there is credit: what isn't read makes the command wait."""
        with suppress(OSError, ValueError), Popen(worker.command, stdin=PIPE, stdout=PIPE) as self.program:  # noqa: ASYNC220
            self.pass_on()
            while event := await asyncio.to_thread(proto.parse_length_prefixed, pb.RunEvent, self.program.stdout):
                self.events.append(event)
                self.has_ended = event.HasField("rejected") or event.HasField("exited")
                while sum(len(each.output.data) for each in self.events[self.acked :]) >= worker.credit:  # noqa: ASYNC110
                    await asyncio.sleep(TICK)
        if not self.has_ended:  # the program couldn't be started, or was killed
            end = {"exited": {"reason": pb.EXIT_REASON_INTERRUPTED}} if self.events else {"rejected": {}}
            self.events.append(pb.RunEvent(**self.ref, event_no=len(self.events) + 1, **end))
            self.has_ended = True

    def pass_on(self, *wants):
        """Tell the program what the server wants, as soon as there is a program."""
        self.wants += wants
        with suppress(OSError, ValueError):  # it may have ended meanwhile
            while self.program and self.wants:
                proto.serialize_length_prefixed(self.wants.pop(0), self.program.stdin)
                self.program.stdin.flush()


class Worker:
    """What runs there are, and the conversation about them. When it ends, its programs notice and end what they run."""

    def __init__(self, server, name, directory, program="bl-worker"):
        found = shutil.which(program) or sys.exit(f"there is no {program} to carry out runs: `make workers` builds it")
        self.command = [found, "exec", "--work", directory, "--lock", f"{directory}/.lock", "--chunk-bytes", "4096"]
        self.machine = pb.Hello.FromString(check_output([*self.command, "--hello"]))
        self.server, self.name, self.token = server, name, os.environ.pop("BUILDLEDGER_WORKER_TOKEN", "")
        self.runs, self.seen, self.credit, self.file = {}, (0, 0), 0, Path(directory) / ".credential"
        self.credential = pb.Credential.FromString(self.file.read_bytes() if self.file.exists() else b"")

    async def work(self):
        while True:
            try:
                async with grpc.aio.insecure_channel(self.server, KEEPALIVE) as channel:
                    pause = await self.hold_session(channel, rpc.EnrollmentStub(channel))
            except grpc.aio.AioRpcError as error:
                sys.stderr.write(f"{error.details()}\n")
                pause = MINUTE if error.code() is grpc.StatusCode.UNAUTHENTICATED else 0
            await asyncio.sleep(pause + random.uniform(0, 5))  # noqa: S311 - jitter is no secret

    def keep(self, answer):
        """Store a credential, readable for this user only, before it is used."""
        self.file.parent.mkdir(parents=True, exist_ok=True)
        fresh = self.file.with_suffix(".new")
        fresh.touch(0o600)
        fresh.write_bytes(answer.credential.SerializeToString())
        self.file, self.credential = fresh.replace(self.file), answer.credential

    async def hold_session(self, channel, enrollment):
        """Talk until the stream ends; returns how long to wait at least before the next one, in seconds."""
        if not self.credential.bearer:
            self.keep(await enrollment.Enroll(pb.EnrollRequest(token=self.token, name=self.name)))
        shown = [("authorization", f"Bearer {self.credential.bearer}")]
        async for down in rpc.WorkerStub(channel).Session(self.speak(), metadata=shown):
            if down.HasField("error"):
                sys.stderr.write(f"{down.error.message}\n")
                return MINUTE if down.error.fatal else down.error.retry_after.ToMilliseconds() / 1000
            if down.HasField("welcome"):
                if down.welcome.epoch < self.seen[0]:
                    return MINUTE  # the server is behind
                self.welcome, self.credit = down.welcome, down.welcome.run_credit_bytes or 1 << 20
            if 0 < self.credential.renew_at.seconds < time.time() and "rotate" in self.welcome.features:
                self.keep(await enrollment.Rotate(pb.RotateRequest(), metadata=shown))
            if (down.desired.epoch, down.desired.revision) >= self.seen:
                self.converge(down.desired)
            for ack in (each for each in down.progress.acks if (each.run_id, each.attempt) in self.runs):
                run = self.runs[ack.run_id, ack.attempt]
                for event in run.events[run.acked : ack.through_event]:
                    event.Clear()  # it isn't needed any more
                run.acked = max(run.acked, ack.through_event)
                run.sent = ack.resume_from - 1 if ack.resume_from else max(run.sent, run.acked)
                if ack.release:
                    del self.runs[ack.run_id, ack.attempt]
        return 0

    def converge(self, desired):
        self.seen, wanted = (desired.epoch, desired.revision), {(want.run_id, want.attempt) for want in desired.runs}
        for want in desired.runs:
            run = self.runs.get((want.run_id, want.attempt))
            if run is None and want.want != pb.WANT_RELEASE:
                self.runs[want.run_id, want.attempt] = Run(want, self)
            elif run is not None and want.want == pb.WANT_RELEASE and run.has_ended:
                del self.runs[want.run_id, want.attempt]
            elif run is not None:
                run.fence = max(run.fence, want.fence)
                run.pass_on(want)
        for key in self.runs.keys() - wanted if desired.full else ():
            run = self.runs.pop(key)
            run.pass_on(pb.DesiredRun(**run.ref, fence=run.fence, want=pb.WANT_ABANDON))
            run.acked = run.sent = sys.maxsize  # what it still tells is for nobody

    async def speak(self):
        """What the worker says in a session: who it is and what it holds, then what is new, and that it is alive."""
        self.welcome, beats, due = None, 0, 0
        hello = pb.Hello(name=self.name, capacity=1, worker_id=self.credential.worker_id, last_epoch=self.seen[0])
        hello.MergeFrom(self.machine)
        for run in self.runs.values():
            run.sent, following = run.acked, len(run.events) + 1
            state = pb.RUN_STATE_EXITED if run.has_ended else pb.RUN_STATE_RUNNING
            hello.runs.add(**run.ref, fence=run.fence, state=state, next_event=following, acked_through=run.acked)
        yield pb.Up(hello=hello)
        while True:
            await asyncio.sleep(TICK)
            for run in list(self.runs.values()) if self.welcome else ():
                while run.sent < len(run.events):
                    event, run.sent = run.events[run.sent], run.sent + 1
                    event.fence = run.fence
                    yield pb.Up(events=pb.RunEvents(events=[event]))
            if self.welcome and time.monotonic() >= due:
                beats, due = beats + 1, time.monotonic() + self.welcome.heartbeat.ToSeconds()
                running = [pb.RunRef(**run.ref) for run in self.runs.values() if not run.has_ended]
                yield pb.Up(heartbeat=pb.Heartbeat(n=beats, running=running))


asyncio.run(Worker(*sys.argv[1:]).work())
