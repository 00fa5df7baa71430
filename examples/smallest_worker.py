"""The smallest useful worker, for a server on the same machine: smallest_worker.py HOST:PORT NAME DIRECTORY."""

import asyncio
import atexit
import os
import random
import signal
import sys
import time
import uuid
from pathlib import Path
from subprocess import DEVNULL, PIPE, Popen

import google_crc32c
import grpc

from buildledger.grpc_protos.worker.v1 import worker_pb2 as pb
from buildledger.grpc_protos.worker.v1 import worker_pb2_grpc as rpc

KEPT = {"builddir", "command", "timeouts", "blob_token", "argv", "cwd", "env", "log_limit", "encoding", "output_policy"}
STOPS = {pb.WANT_STOP: pb.EXIT_REASON_CANCEL, pb.WANT_ABANDON: pb.EXIT_REASON_ABANDONED}
KEEPALIVE = [("grpc.keepalive_time_ms", 20_000), ("grpc.http2.ping_timeout_ms", 10_000)]
NEEDS_PERSON = (grpc.StatusCode.UNAUTHENTICATED, grpc.StatusCode.PERMISSION_DENIED)


class Run:
    """One attempt: its process while there is one, and its events, in memory, until the server has them."""

    def __init__(self, want, home):
        self.name, self.reason = {"run_id": want.run_id, "attempt": want.attempt, "fence": want.fence}, 0
        self.events, self.sent, self.acked, self.sizes, self.is_alive = [], 0, 0, {}, False
        self.command, self.timeouts = want.spec.command, want.spec.timeouts
        asked = {field.name for field, _ in want.spec.ListFields() + self.command.ListFields()}
        build = (home / want.spec.builddir).resolve()
        place = (build / self.command.cwd).resolve()  # links may lead anywhere
        if want.want != pb.WANT_RUN:
            self.tell(rejected=pb.Rejected(code=pb.REJECT_CODE_STOPPED_BEFORE_START))
        elif home not in build.parents or not place.is_relative_to(build):
            self.tell(rejected=pb.Rejected(code=pb.REJECT_CODE_PATH_ESCAPES))
        elif asked - KEPT or not self.command.argv.args:
            self.tell(rejected=pb.Rejected(code=pb.REJECT_CODE_UNSUPPORTED))
        else:
            self.tell(accepted=pb.Accepted())
            build.mkdir(parents=True, exist_ok=True)
            self.start(place)

    def tell(self, **event):
        self.events.append(pb.RunEvent(**self.name, event_no=len(self.events) + 1, **event))

    def start(self, place):
        around = {"cwd": place, "env": {**os.environ, **self.command.env}, "start_new_session": True, "bufsize": 0}
        try:
            self.process = Popen(self.command.argv.args, stdin=DEVNULL, stdout=PIPE, stderr=PIPE, **around)
        except OSError as error:
            why = pb.START_FAILURE_PROGRAM_NOT_FOUND if error.filename != str(place) else pb.START_FAILURE_BAD_CWD
            why = why if error.errno == 2 else pb.START_FAILURE_OTHER
            return self.tell(exited=pb.Exited(reason=pb.EXIT_REASON_START_FAILED, start_failure=why))
        self.pipes, self.is_alive = {"stdout": self.process.stdout, "stderr": self.process.stderr}, True
        self.began = self.heard = self.seen = time.monotonic()
        for pipe in self.pipes.values():
            os.set_blocking(pipe.fileno(), False)
        atexit.register(self.stop, pb.EXIT_REASON_WORKER_SHUTDOWN)
        return self.tell(started=pb.Started(pid=self.process.pid, mechanism="process_group"))

    def stop(self, reason):
        if self.is_alive and not self.reason:  # of several reasons the first one stands
            self.reason = reason
            self.tell(stopping=pb.Stopping(level=pb.STOP_LEVEL_KILL, reason=reason))
            self.kill()

    def kill(self):
        try:
            return os.killpg(self.process.pid, signal.SIGKILL) is None
        except ProcessLookupError:
            return False  # nobody is left

    def follow(self, room):
        """Take what it wrote, as far as the server has room for it, keep its limits, and tell its end."""
        now = time.monotonic()
        self.seen = now if self.process.poll() is None else self.seen
        # A child in the background may write on for a while.
        is_over = now > self.seen + (5 if self.pipes else 0) and (not self.kill() or now > self.seen + 10)
        for channel, pipe in list(self.pipes.items()):
            while room > 0 and (data := pipe.read(4096)):  # never more than Welcome.chunk_bytes may be
                self.heard, room = now, room - len(data)
                self.deliver(channel, data)
            if room > 0 and data is not None:
                del self.pipes[channel]
        self.heard = self.heard if room > 0 else now  # who has to wait before it can write isn't silent
        if 0 < self.timeouts.max.ToMilliseconds() <= (now - self.began) * 1000:
            self.stop(pb.EXIT_REASON_MAX_TIME)
        if 0 < self.timeouts.no_output.ToMilliseconds() <= (now - self.heard) * 1000:
            self.stop(pb.EXIT_REASON_NO_OUTPUT)
        if is_over and room > 0:
            totals = [pb.OutputTotal(channel=channel, bytes=size) for channel, size in self.sizes.items()]
            status = {"code": code} if (code := self.process.returncode) >= 0 else {"signal": -code}
            reason, self.is_alive = self.reason or pb.EXIT_REASON_COMPLETED, False
            self.tell(exited=pb.Exited(reason=reason, output_totals=totals, **status))

    def deliver(self, channel, data):
        offset, rest = self.sizes.get(channel, 0), (self.command.log_limit or sys.maxsize) - sum(self.sizes.values())
        if sent := data[:rest]:
            self.sizes[channel], crc32c = offset + len(sent), google_crc32c.value(sent)
            self.tell(output=pb.Output(channel=channel, offset=offset, data=sent, crc32c=crc32c))
        if len(data) > rest:
            self.stop(pb.EXIT_REASON_LOG_LIMIT)

    def acknowledge(self, ack):
        while self.acked < ack.through_event:
            self.events[self.acked], self.acked = None, self.acked + 1  # the server has it
        self.sent = ack.resume_from - 1 if ack.resume_from else max(self.sent, self.acked)


class Worker:
    """What runs there are, and the conversation about them."""

    def __init__(self, server, name, directory):
        self.server, self.name, self.home, self.runs = server, name, Path(directory).resolve(), {}
        self.instance, self.seen, self.ceiling, self.credit = str(uuid.uuid4()), (0, 0), 0.25, 0
        self.file, self.token = self.home / ".credential", os.environ.pop("BUILDLEDGER_WORKER_TOKEN", "")
        self.credential = pb.Credential.FromString(self.file.read_bytes() if self.file.exists() else b"")

    async def work(self):
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, sys.exit)
        self.follow_runs()
        while True:
            try:
                async with grpc.aio.insecure_channel(self.server, KEEPALIVE) as channel:
                    pause = await self.hold_session(channel)
            except grpc.aio.AioRpcError as error:
                sys.stderr.write(f"{error.details()}\n")
                pause = 60 if error.code() in NEEDS_PERSON else 0
            await asyncio.sleep(max(pause, random.uniform(0, self.ceiling)))  # noqa: S311 - jitter is no secret
            self.ceiling = min(2 * self.ceiling, 60)

    def follow_runs(self):
        asyncio.get_running_loop().call_later(0.02, self.follow_runs)
        for run in self.runs.values():
            if run.is_alive:
                run.follow(self.credit - sum(len(event.output.data) for event in run.events[run.acked :]))

    async def prove(self, channel):
        """Show who this is; enroll with the token before, once, and exchange the credential when it is time."""
        enrollment, shown = rpc.EnrollmentStub(channel), [("authorization", f"Bearer {self.credential.bearer}")]
        if not self.credential.bearer:
            fresh = await enrollment.Enroll(pb.EnrollRequest(token=self.token.partition(".")[0], name=self.name))
        elif 0 < self.credential.renew_at.seconds < time.time():
            fresh = await enrollment.Rotate(pb.RotateRequest(), metadata=shown)
        else:
            return shown
        self.home.mkdir(parents=True, exist_ok=True)
        self.file.touch(0o600)
        self.file.write_bytes(fresh.credential.SerializeToString())
        self.credential = fresh.credential
        return await self.prove(channel)

    def hello(self):
        me = {"name": self.name, "worker_id": self.credential.worker_id, "instance_id": self.instance, "capacity": 1}
        me |= {"os": os.uname().sysname.lower(), "arch": os.uname().machine, "software": "smallest/1"}
        me |= {"features": ["timeouts", "log_limit"], "work_directory": str(self.home), "encoding": "utf-8"}
        me |= {"proto_min": 1, "proto_max": 1, "limits": pb.Limits(message_bytes=1 << 20), "last_epoch": self.seen[0]}
        hello = pb.Hello(boot_id=Path("/proc/sys/kernel/random/boot_id").read_text().strip(), **me)
        for run in self.runs.values():
            run.sent, state = run.acked, pb.RUN_STATE_RUNNING if run.is_alive else pb.RUN_STATE_EXITED
            hello.runs.add(**run.name, state=state, next_event=len(run.events) + 1, acked_through=run.acked)
        return hello

    async def hold_session(self, channel):
        call = rpc.WorkerStub(channel).Session(metadata=await self.prove(channel))
        await call.write(pb.Up(hello=self.hello()))
        try:
            while (down := await call.read()) is not grpc.aio.EOF:
                await self.prove(channel)
                if down.HasField("error"):
                    sys.stderr.write(f"{down.error.message}\n")
                    return 60 if down.error.fatal else down.error.retry_after.ToMilliseconds() / 1000
                if down.HasField("welcome"):
                    if down.welcome.epoch < self.seen[0]:
                        return 60  # the server is behind
                    self.ceiling, self.credit = 0.25, down.welcome.run_credit_bytes or 1 << 20
                    self.speaking = asyncio.create_task(self.speak(call, down.welcome.heartbeat.ToSeconds()))
                if (down.desired.epoch, down.desired.revision) >= self.seen:
                    self.converge(down.desired)
                for ack in (each for each in down.progress.acks if (each.run_id, each.attempt) in self.runs):
                    self.runs[ack.run_id, ack.attempt].acknowledge(ack)
                    if ack.release:
                        del self.runs[ack.run_id, ack.attempt]
            return 0
        finally:
            call.cancel()

    def converge(self, desired):
        self.seen, wanted = (desired.epoch, desired.revision), {(want.run_id, want.attempt) for want in desired.runs}
        for want in desired.runs:
            run = self.runs.get((want.run_id, want.attempt))
            if want.want == pb.WANT_RELEASE:
                self.runs.pop((want.run_id, want.attempt), None)
            elif run is None:
                self.runs[want.run_id, want.attempt] = Run(want, self.home)
            elif want.want in STOPS:
                run.stop(STOPS[want.want])
        for key in self.runs.keys() - wanted if desired.full else ():
            self.runs.pop(key).stop(pb.EXIT_REASON_ABANDONED)

    async def speak(self, call, heartbeat):
        beats, due = 0, 0
        while not call.done():
            for run in list(self.runs.values()):
                while run.sent < len(run.events):
                    run.sent += 1
                    await call.write(pb.Up(events=pb.RunEvents(events=[run.events[run.sent - 1]])))
            if time.monotonic() >= due:
                running = [pb.RunRef(run_id=key[0], attempt=key[1]) for key, run in self.runs.items() if run.is_alive]
                beats, due = beats + 1, time.monotonic() + heartbeat
                await call.write(pb.Up(heartbeat=pb.Heartbeat(n=beats, running=running)))
            await asyncio.sleep(0.02)


asyncio.run(Worker(*sys.argv[1:4]).work())
