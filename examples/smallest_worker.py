"""The smallest useful worker, for a server on the same machine: smallest_worker.py HOST:PORT NAME DIRECTORY."""

import asyncio
import os
import random
import signal
import sys
import time
import uuid
from contextlib import suppress
from pathlib import Path
from subprocess import DEVNULL, PIPE, Popen

import google_crc32c
import grpc

from buildledger.grpc_protos.worker.v1 import worker_pb2 as pb
from buildledger.grpc_protos.worker.v1 import worker_pb2_grpc as rpc

BOOT, INSTANCE = Path("/proc/sys/kernel/random/boot_id").read_text().strip(), str(uuid.uuid4())
KEPT = {"builddir", "command", "timeouts", "argv", "cwd", "env", "log_limit", "encoding", "output_policy"}
STOPS = {pb.WANT_STOP: pb.EXIT_REASON_CANCEL, pb.WANT_ABANDON: pb.EXIT_REASON_ABANDONED}
KEEPALIVE = [("grpc.keepalive_time_ms", 20_000), ("grpc.http2.ping_timeout_ms", 10_000)]
TICK, MINUTE = 0.02, 60  # seconds


class Run:
    """One attempt: a task that carries it out, and its events, in memory, until the server has them."""

    def __init__(self, want, worker):
        self.ref, self.fence = {"run_id": want.run_id, "attempt": want.attempt}, want.fence
        self.events, self.sent, self.acked, self.sizes = [], 0, 0, {}
        self.reason = STOPS.get(want.want)  # why it is to end; of several reasons the first one stands
        self.task = asyncio.create_task(self.perform(want.spec, want.spec.command, worker))

    def tell(self, **event):
        self.events.append(pb.RunEvent(**self.ref, event_no=len(self.events) + 1, **event))

    async def perform(self, spec, command, worker):
        asked = {field.name for field, _ in spec.ListFields() + command.ListFields()}
        build = (worker.home / spec.builddir).resolve()
        place = (build / command.cwd).resolve()  # links may lead anywhere
        if self.reason:
            return self.tell(rejected=pb.Rejected(code=pb.REJECT_CODE_STOPPED_BEFORE_START))
        if worker.home not in build.parents or not place.is_relative_to(build):
            return self.tell(rejected=pb.Rejected(code=pb.REJECT_CODE_PATH_ESCAPES))
        if asked - KEPT or not command.argv.args:
            return self.tell(rejected=pb.Rejected(code=pb.REJECT_CODE_UNSUPPORTED))
        self.tell(accepted=pb.Accepted())
        around = {"cwd": place, "env": {**os.environ, **command.env}, "start_new_session": True, "bufsize": 0}
        try:
            build.mkdir(parents=True, exist_ok=True)
            process = Popen(command.argv.args, stdin=DEVNULL, stdout=PIPE, stderr=PIPE, **around)  # noqa: ASYNC220
        except (OSError, ValueError) as error:
            why = pb.START_FAILURE_PROGRAM_NOT_FOUND if place.is_dir() else pb.START_FAILURE_BAD_CWD
            end = {"reason": pb.EXIT_REASON_START_FAILED, "start_failure": why, "message": str(error)}
            return self.tell(exited=pb.Exited(**end))
        self.tell(started=pb.Started(pid=process.pid, mechanism="process_group"))
        try:
            await self.follow(process, spec.timeouts, command.log_limit or sys.maxsize, worker)
        finally:
            self.kill(process)  # what it has left behind ends with it, and all of it with the worker
        end = {"code": process.returncode} if process.returncode >= 0 else {"signal": -process.returncode}
        totals = [pb.OutputTotal(channel=channel, bytes=size) for channel, size in self.sizes.items()]
        return self.tell(exited=pb.Exited(reason=self.reason or pb.EXIT_REASON_COMPLETED, output_totals=totals, **end))

    async def follow(self, process, limits, log_limit, worker):
        """Deliver what the command writes, as far as there is credit, and kill it for the first reason there is."""
        began = heard = time.monotonic()
        is_over = is_stopping = False
        while not is_over:
            await asyncio.sleep(TICK)
            now, is_over = time.monotonic(), process.poll() is not None
            room = worker.credit - sum(len(event.output.data) for event in self.events[self.acked :])
            for channel, pipe in (("stdout", process.stdout), ("stderr", process.stderr)):
                os.set_blocking(pipe.fileno(), False)
                while room > 0 and (data := pipe.read(4096)):  # Welcome.chunk_bytes is never less
                    room, heard = room - len(data), now
                    self.deliver(channel, data, log_limit)
            if room <= 0:  # the rest waits in the pipes; who has to wait before it can write isn't silent
                heard, is_over = now, False
            if 0 < limits.max.ToMilliseconds() <= (now - began) * 1000:
                self.reason = self.reason or pb.EXIT_REASON_MAX_TIME
            if 0 < limits.no_output.ToMilliseconds() <= (now - heard) * 1000:
                self.reason = self.reason or pb.EXIT_REASON_NO_OUTPUT
            if self.reason and not is_stopping:
                self.tell(stopping=pb.Stopping(level=pb.STOP_LEVEL_KILL, reason=self.reason))
                is_stopping = self.kill(process)

    def deliver(self, channel, data, log_limit):
        offset, rest = self.sizes.get(channel, 0), log_limit - sum(self.sizes.values())
        if sent := data[:rest]:
            self.sizes[channel], crc32c = offset + len(sent), google_crc32c.value(sent)
            self.tell(output=pb.Output(channel=channel, offset=offset, data=sent, crc32c=crc32c))
        if len(data) > rest:
            self.reason = self.reason or pb.EXIT_REASON_LOG_LIMIT

    def kill(self, process):
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        return True

    def acknowledge(self, ack):
        self.acked = max(self.acked, ack.through_event)
        self.sent = ack.resume_from - 1 if ack.resume_from else max(self.sent, self.acked)


class Worker:
    """What runs there are, and the conversation about them."""

    def __init__(self, server, name, directory):
        self.server, self.name, self.home, self.runs = server, name, Path(directory).resolve(), {}
        self.seen, self.welcome, self.credit, self.file = (0, 0), None, 0, self.home / ".credential"
        self.credential = pb.Credential.FromString(self.file.read_bytes() if self.file.exists() else b"")
        self.token = os.environ.pop("BUILDLEDGER_WORKER_TOKEN", "")

    async def work(self):
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, sys.exit)
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
        self.home.mkdir(parents=True, exist_ok=True)
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
                self.runs[ack.run_id, ack.attempt].acknowledge(ack)
                if ack.release:
                    del self.runs[ack.run_id, ack.attempt]
        return 0

    def converge(self, desired):
        self.seen, wanted = (desired.epoch, desired.revision), {(want.run_id, want.attempt) for want in desired.runs}
        for want in desired.runs:
            run = self.runs.get((want.run_id, want.attempt))
            if run is None and want.want != pb.WANT_RELEASE:
                self.runs[want.run_id, want.attempt] = Run(want, self)
            elif run is not None and want.want == pb.WANT_RELEASE and run.task.done():
                del self.runs[want.run_id, want.attempt]
            elif run is not None and want.fence >= run.fence:
                run.reason, run.fence = run.reason or STOPS.get(want.want), want.fence
        for key in self.runs.keys() - wanted if desired.full else ():
            self.runs.pop(key).task.cancel()

    async def speak(self):
        """What the worker says in a session: who it is and what it holds, then what is new, and that it is alive."""
        self.welcome, machine = None, os.uname()
        hello = pb.Hello(proto_min=1, proto_max=1, name=self.name, instance_id=INSTANCE, boot_id=BOOT, capacity=1)
        hello.os, hello.arch, hello.software = machine.sysname.lower(), machine.machine, "smallest/1"
        hello.features[:], hello.work_directory = ["timeouts", "log_limit"], str(self.home)
        hello.worker_id, hello.last_epoch = self.credential.worker_id, self.seen[0]
        for run in self.runs.values():
            run.sent, state = run.acked, pb.RUN_STATE_EXITED if run.task.done() else pb.RUN_STATE_RUNNING
            known = {"state": state, "next_event": len(run.events) + 1, "acked_through": run.acked}
            hello.runs.add(**run.ref, fence=run.fence, **known)
        yield pb.Up(hello=hello)
        beats, due = 0, 0
        while True:
            await asyncio.sleep(TICK)
            for run in list(self.runs.values()) if self.welcome else ():
                while run.sent < len(run.events):
                    event = run.events[run.sent]
                    event.fence = run.fence
                    yield pb.Up(events=pb.RunEvents(events=[event]))
                    run.sent = max(run.sent, event.event_no)  # it may be acknowledged already
            if self.welcome and time.monotonic() >= due:
                beats, due = beats + 1, time.monotonic() + self.welcome.heartbeat.ToSeconds()
                running = [pb.RunRef(**run.ref) for run in self.runs.values() if not run.task.done()]
                yield pb.Up(heartbeat=pb.Heartbeat(n=beats, running=running))


asyncio.run(Worker(*sys.argv[1:4]).work())
