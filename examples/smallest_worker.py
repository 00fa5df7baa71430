"""The smallest useful worker, for a server on the same machine: smallest_worker.py HOST:PORT NAME DIRECTORY."""

import asyncio
import os
import random
import signal
import sys
import time
import uuid
from asyncio.subprocess import DEVNULL, PIPE
from contextlib import suppress
from pathlib import Path

import google_crc32c
import grpc

from buildledger.grpc_protos.worker.v1 import worker_pb2 as pb
from buildledger.grpc_protos.worker.v1 import worker_pb2_grpc as rpc

KEPT = {"builddir", "command", "timeouts", "blob_token", "argv", "cwd", "env", "log_limit", "encoding", "output_policy"}
BOOT_FILE = Path("/proc/sys/kernel/random/boot_id")


# One attempt: its process while there is one, and its events, in memory, until the server has them.
class Run:
    def __init__(self, want, worker):
        self.name = {"run_id": want.run_id, "attempt": want.attempt, "fence": want.fence}
        self.want, self.worker, self.process, self.has_ended, self.reason = want, worker, None, False, 0
        self.events, self.acked, self.sent, self.unacked_bytes, self.heard, self.ends = [], 0, 0, 0, 0, {}
        self.task = asyncio.create_task(self.perform())

    def tell(self, **event):
        self.events.append(pb.RunEvent(**self.name, event_no=self.acked + len(self.events) + 1, **event))
        self.unacked_bytes += len(self.events[-1].output.data)
        self.has_ended = self.has_ended or "exited" in event or "rejected" in event
        self.worker.news.set()

    async def perform(self):
        spec, command = self.want.spec, self.want.spec.command
        place = [*spec.builddir.split("/"), *(command.cwd.split("/") if command.cwd else ())]
        if self.want.want != pb.WANT_RUN:
            return self.tell(rejected=pb.Rejected(code=pb.REJECT_CODE_STOPPED_BEFORE_START))
        if {"", ".", ".."} & set(place):
            return self.tell(rejected=pb.Rejected(code=pb.REJECT_CODE_PATH_ESCAPES))
        if {field.name for field, _ in spec.ListFields() + command.ListFields()} - KEPT or not command.argv.args:
            return self.tell(rejected=pb.Rejected(code=pb.REJECT_CODE_UNSUPPORTED))
        self.tell(accepted=pb.Accepted())
        (self.worker.directory / spec.builddir).mkdir(parents=True, exist_ok=True)
        around = {"cwd": self.worker.directory.joinpath(*place), "env": {**os.environ, **command.env}}
        pipes = {"stdin": DEVNULL, "stdout": PIPE, "stderr": PIPE, "start_new_session": True}
        try:
            self.process = await asyncio.create_subprocess_exec(*command.argv.args, **pipes, **around)
        except OSError as error:
            why = pb.START_FAILURE_PROGRAM_NOT_FOUND if error.errno == 2 else pb.START_FAILURE_OTHER
            return self.tell(exited=pb.Exited(reason=pb.EXIT_REASON_START_FAILED, start_failure=why))
        self.tell(started=pb.Started(pid=self.process.pid, mechanism="process_group"))
        channels = (("stdout", self.process.stdout), ("stderr", self.process.stderr))
        reading = [asyncio.create_task(self.deliver(*each)) for each in channels]
        try:
            await self.keep_limits(spec.timeouts.max.ToSeconds(), spec.timeouts.no_output.ToSeconds())
            await asyncio.wait(reading, timeout=5)  # a child in the background may hold a pipe
        finally:
            for _ in range(100):  # until nobody is left of the group, also when this program is ended
                await asyncio.sleep(0.01 if self.kill() else 0)
        while (await asyncio.wait(reading, timeout=5))[1] and self.unacked_bytes >= self.worker.credit_bytes:
            pass  # the server is behind: what was written waits for it
        totals = [pb.OutputTotal(channel=channel, bytes=end) for channel, end in self.ends.items()]
        status = {"code": code} if (code := self.process.returncode) >= 0 else {"signal": -code}
        reason = self.reason or pb.EXIT_REASON_COMPLETED
        return self.tell(exited=pb.Exited(reason=reason, output_totals=totals, **status))

    async def keep_limits(self, longest, silence):  # of several reasons to end it, the first stands
        began = self.heard = time.monotonic()
        while self.process.returncode is None:
            if longest and time.monotonic() - began >= longest:
                self.reason = self.reason or pb.EXIT_REASON_MAX_TIME
            if silence and time.monotonic() - self.heard >= silence:
                self.reason = self.reason or pb.EXIT_REASON_NO_OUTPUT
            if self.reason:
                self.kill()
            await asyncio.sleep(0.05)

    def kill(self):
        with suppress(ProcessLookupError):
            return os.killpg(self.process.pid, signal.SIGKILL) is None

    async def deliver(self, channel, stream):
        while (data := await stream.read(4096)) and not self.has_ended:  # never more than Welcome.chunk_bytes may be
            while self.unacked_bytes >= self.worker.credit_bytes:  # noqa: ASYNC110 - the server is behind
                await asyncio.sleep(0.05)  # meanwhile the program waits in its next write
            self.heard, offset = time.monotonic(), self.ends.get(channel, 0)
            room = (self.want.spec.command.log_limit or sys.maxsize) - sum(self.ends.values())
            if len(data) > room:
                self.reason = self.reason or pb.EXIT_REASON_LOG_LIMIT
            if data := data[:room]:
                self.ends[channel] = offset + len(data)
                self.tell(output=pb.Output(channel=channel, offset=offset, data=data, crc32c=google_crc32c.value(data)))

    def acknowledge(self, ack):
        while self.events and self.acked < ack.through_event:
            event = self.events.pop(0)
            self.acked, self.unacked_bytes = event.event_no, self.unacked_bytes - len(event.output.data)
        self.sent = ack.resume_from - 1 if ack.resume_from else max(self.sent, self.acked)
        self.worker.news.set()


# What runs there are, and the conversation about them.
class Worker:
    def __init__(self, server, name, directory):
        self.server, self.name, self.directory, self.runs = server, name, Path(directory).resolve(), {}
        self.news, self.seen, self.ceiling, self.instance = asyncio.Event(), (0, 0), 0.25, str(uuid.uuid4())
        self.file, self.token = self.directory / ".credential", os.environ.get("BUILDLEDGER_WORKER_TOKEN", "")
        self.credential = pb.Credential.FromString(self.file.read_bytes() if self.file.exists() else b"")

    async def work(self):
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, sys.exit)
        while True:
            try:
                async with grpc.aio.insecure_channel(self.server) as channel:
                    pause = await self.hold_session(channel)
            except grpc.aio.AioRpcError as error:  # UNAUTHENTICATED and PERMISSION_DENIED need a person
                sys.stderr.write(f"{error.details()}\n")
                pause = 60 if error.code().value[0] in (7, 16) else 0
            await asyncio.sleep(max(pause, random.uniform(0, self.ceiling)))  # noqa: S311 - jitter is no secret
            self.ceiling = min(2 * self.ceiling, 60)

    async def prove(self, channel):  # enrolls with the token, once, and exchanges the credential when it is time
        enrollment, shown = rpc.EnrollmentStub(channel), [("authorization", f"Bearer {self.credential.bearer}")]
        if self.token and not self.credential.bearer:
            fresh = await enrollment.Enroll(pb.EnrollRequest(token=self.token.partition(".")[0], name=self.name))
        elif 0 < self.credential.renew_at.seconds < time.time():
            fresh = await enrollment.Rotate(pb.RotateRequest(), metadata=shown)
        else:
            return shown
        self.directory.mkdir(parents=True, exist_ok=True)
        self.file.touch(0o600)
        self.file.write_bytes(fresh.credential.SerializeToString())
        self.credential = fresh.credential
        return await self.prove(channel)

    def hello(self):
        me = {"name": self.name, "worker_id": self.credential.worker_id, "software": "smallest/1", "encoding": "utf-8"}
        me |= {
            "boot_id": BOOT_FILE.read_text().strip(),
            "instance_id": self.instance,
            "last_epoch": self.seen[0],
            "capacity": 1,
        }
        me |= {"os": os.uname().sysname.lower(), "arch": os.uname().machine.lower(), "proto_min": 1, "proto_max": 1}
        me |= {"features": ["timeouts", "log_limit"], "work_directory": str(self.directory)}
        hello = pb.Hello(**me, limits=pb.Limits(message_bytes=1 << 20))
        for run in self.runs.values():
            run.sent, state = run.acked, pb.RUN_STATE_EXITED if run.has_ended else pb.RUN_STATE_RUNNING
            hello.runs.add(**run.name, state=state, next_event=run.acked + len(run.events) + 1, acked_through=run.acked)
        return hello

    async def hold_session(self, channel):
        call, sender = rpc.WorkerStub(channel).Session(metadata=await self.prove(channel)), None
        await call.write(pb.Up(hello=self.hello()))
        try:
            while (down := await call.read()) is not grpc.aio.EOF:
                if down.HasField("error"):
                    sys.stderr.write(f"{down.error.message}\n")
                    return 60 if down.error.fatal else down.error.retry_after.ToSeconds()
                if down.HasField("welcome"):
                    if down.welcome.proto != 1 or down.welcome.epoch < self.seen[0]:
                        return 60
                    self.ceiling, self.credit_bytes = 0.25, down.welcome.run_credit_bytes or 1 << 20
                    sender = asyncio.create_task(self.send(channel, call, down.welcome.heartbeat.ToSeconds() or 10))
                if (down.desired.epoch, down.desired.revision) >= self.seen:
                    self.converge(down.desired)
                for ack in (each for each in down.progress.acks if (each.run_id, each.attempt) in self.runs):
                    self.runs[ack.run_id, ack.attempt].acknowledge(ack)
                    if ack.release:
                        del self.runs[ack.run_id, ack.attempt]
            return 0
        finally:
            _ = sender and sender.cancel()

    def converge(self, desired):
        self.seen = (desired.epoch, desired.revision)
        for want in desired.runs:
            run = self.runs.get((want.run_id, want.attempt))
            if run is None and want.want != pb.WANT_RELEASE:
                self.runs[want.run_id, want.attempt] = Run(want, self)
            elif run and want.want == pb.WANT_RELEASE and run.has_ended:
                del self.runs[want.run_id, want.attempt]
            elif run and want.want in (pb.WANT_STOP, pb.WANT_ABANDON):
                reason = pb.EXIT_REASON_CANCEL if want.want == pb.WANT_STOP else pb.EXIT_REASON_ABANDONED
                run.reason = run.reason or reason
        for key in self.runs.keys() - {(want.run_id, want.attempt) for want in desired.runs} if desired.full else ():
            self.runs.pop(key).reason = pb.EXIT_REASON_ABANDONED

    async def send(self, channel, call, heartbeat):
        beats, due = 0, 0
        while True:
            self.news.clear()
            for run in list(self.runs.values()):
                for event in run.events[run.sent - run.acked :]:
                    run.sent = event.event_no
                    await call.write(pb.Up(events=pb.RunEvents(events=[event])))
            if time.monotonic() >= due:
                await self.prove(channel)
                at_work = [run.want for run in self.runs.values() if run.process and not run.has_ended]
                names = [pb.RunRef(run_id=want.run_id, attempt=want.attempt) for want in at_work]
                beats, due = beats + 1, time.monotonic() + heartbeat
                await call.write(pb.Up(heartbeat=pb.Heartbeat(n=beats, running=names)))
            await asyncio.wait([asyncio.ensure_future(self.news.wait())], timeout=max(due - time.monotonic(), 0))


asyncio.run(Worker(*sys.argv[1:4]).work())
