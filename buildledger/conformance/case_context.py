"""Where a case is run: the worker, the network, the server, and what the steps of the case share."""

from __future__ import annotations

import asyncio
import contextlib
import re
import shutil
import sys
import uuid
from collections.abc import AsyncIterator, Callable, Mapping
from pathlib import Path
from typing import Any

from buildledger.conformance import helper
from buildledger.conformance.blobs import ScriptedBlobs
from buildledger.conformance.condition import Condition
from buildledger.conformance.content import Content
from buildledger.conformance.enrollment import Call, ScriptedEnrollment
from buildledger.conformance.message_builder import build
from buildledger.conformance.processes import end_marked
from buildledger.conformance.proxy import Proxy
from buildledger.conformance.record import AttemptRecord
from buildledger.conformance.server import ScriptedServer
from buildledger.conformance.session import SessionRecord
from buildledger.conformance.transcript import Transcript
from buildledger.conformance.worker import WorkerCommand, WorkerProcess
from buildledger.grpc_protos.worker.v1 import worker_pb2 as pb
from buildledger.grpc_protos.worker.v1 import worker_pb2_grpc

HELPER = (sys.executable, "-I", "-S", str(Path(helper.__file__).resolve()))
PROXIES = ("main", "other")
DEFAULT_SPOOL_BYTES = 64 << 20
_LOOK_SECONDS = 0.02
_DELIVERY_SECONDS = 1.0
"""So long after the worker's end its last messages are waited for."""
_RUN = re.compile(r"\{run:([^}]+)\}")


class CaseFailedError(Exception):
    """The worker didn't do what the case expects."""


class NotOfferedError(Exception):
    """The case can't be run with this worker, for a reason that the worker or the machine declares."""


class CaseContext:
    """Everything that exists for the time of one case."""

    def __init__(self, name: str, command: WorkerCommand, directory: Path, patience: float) -> None:
        self.transcript = Transcript()
        self.condition = Condition()
        self.directory = directory
        self.scratch = directory / "scratch"
        self.state = directory / "state"
        self.specs: dict[str, Mapping[str, Any]] = {}
        """Specifications of the case's runs, in plain data, placeholders and all."""
        self.contents: dict[str, Content] = {}
        """The case's blobs."""
        self.calls: list[Call] = []
        self.spool_bytes = DEFAULT_SPOOL_BYTES
        self.memory_noted_bytes = 0
        self.clock_file: Path | None = None
        """Where the worker's wall clock can be moved, if it can be."""
        self.patience = patience
        worker_name = "".join(each if each.isalnum() or each in "._-" else "-" for each in name)[:64]
        self.server = ScriptedServer(worker_name, pb.Welcome(proto=1), self.transcript, self.condition)
        self.blobs = ScriptedBlobs(self.transcript, self.condition, self.calls, self.server.violation)
        self.enrollment = ScriptedEnrollment(self.server.behaviour, self.transcript, self.condition, self.calls)
        self.proxies: dict[str, Proxy] = {}
        self.worker = WorkerProcess(command, {}, directory, str(uuid.uuid4()), self.transcript, self.condition.notify)
        self.server.start_of_worker = lambda: self.worker.starts
        self.worker_name = worker_name

    @property
    def proxy(self) -> Proxy:
        """Where the worker is told to connect."""
        return self.proxies["main"]

    @contextlib.asynccontextmanager
    async def built(self) -> AsyncIterator[None]:
        """Set everything up but the worker, and clear everything away at the end."""
        for directory in (self.scratch, self.state):
            directory.mkdir(parents=True)
        await self.server.start(
            [
                lambda server: worker_pb2_grpc.add_BlobsServicer_to_server(self.blobs, server),
                lambda server: worker_pb2_grpc.add_EnrollmentServicer_to_server(self.enrollment, server),
            ]
        )
        try:
            for name in PROXIES:
                proxy = Proxy(name, self.server.port, self._note_network)
                await proxy.up()
                self.proxies[name] = proxy
            self.server.proxy_of = self._proxy_of
            self.worker.values = self._values()
            yield
        finally:
            with contextlib.suppress(TimeoutError):
                await self.worker.kill()
            await asyncio.to_thread(end_marked, self.worker.case_mark)
            for proxy in self.proxies.values():
                await proxy.close()
            await self.server.stop()
            await asyncio.to_thread(shutil.rmtree, self.directory, ignore_errors=True)

    async def until(self, condition: Callable[[], bool], seconds: float, what: str) -> None:
        """Wait for something that the worker has to bring about; no longer than it lives.

        Raises:
            CaseFailedError: it didn't, or it broke the protocol meanwhile.
        """
        limit = seconds * self.patience

        def holds() -> bool:
            return condition() or bool(self.server.violations)

        held = await self.condition.until(lambda: holds() or self.worker.has_left, limit)
        if self.worker.has_left:
            # What it said last may still be on its way.
            held = await self.condition.until(holds, min(limit, _DELIVERY_SECONDS))
        self.check_violations()
        if not held:
            raise CaseFailedError(f"{what}: {self._missed(limit)}")

    async def until_looked(self, condition: Callable[[], bool], seconds: float, what: str) -> None:
        """Like `until`, for what nobody tells: files and processes."""

        limit = seconds * self.patience
        deadline = self.transcript.seconds + limit
        while not condition():
            if self.worker.has_left:
                deadline = min(deadline, self.transcript.seconds + _DELIVERY_SECONDS)
            if self.transcript.seconds > deadline:
                raise CaseFailedError(f"{what}: {self._missed(limit)}")
            await asyncio.sleep(_LOOK_SECONDS)
        self.check_violations()

    def _missed(self, limit_seconds: float) -> str:
        if self.worker.has_left:
            return f"the worker has ended, with {self.worker.exit_code}"
        return f"not within {limit_seconds:g} s" + ("" if self.worker.is_running else " (the worker isn't running)")

    def check_violations(self) -> None:
        """Fail the case if the worker has broken the protocol.

        Raises:
            CaseFailedError: It has.
        """
        if self.server.violations:
            raise CaseFailedError("the worker broke the protocol: " + "; ".join(self.server.violations[:5]))

    def session(self) -> SessionRecord:
        """The newest session, open or not.

        Raises:
            CaseFailedError: there was none.
        """
        if not self.server.sessions:
            raise CaseFailedError("the worker has had no session yet")
        return self.server.sessions[-1]

    def record(self, run: str, attempt: int = 1) -> AttemptRecord:
        """What came of an attempt."""
        return self.server.runs.record(run, attempt)

    def spec(self, run: str) -> pb.RunSpec:
        """The specification of a run, ready to send."""
        return build(pb.RunSpec, self.substituted(self.specs[run]), f"runs.{run}")

    def substituted(self, value: Any) -> Any:
        """Plain data with placeholders replaced.

        In texts: `{scratch}`, `{work}`, `{spool}`, `{run:name}`; as an element of a list: `{helper}`; as a mapping:
        `{blob_of: name}`, `{sha256_of: name}`.
        """
        match value:
            case str():
                text = value.replace("{scratch}", str(self.scratch)).replace("{spool}", str(self.spool_bytes))
                if "{work}" in text:
                    text = text.replace("{work}", str(self.work_file("")))
                return _RUN.sub(lambda found: self.server.runs.run_id(found[1]), text)
            case {"blob_of": str(name), **rest} if not rest:
                content = self.contents[name]
                return {"sha256": {"hex": content.sha256.hex()}, "size": content.size}
            case {"sha256_of": str(name), **rest} if not rest:
                return {"hex": self.contents[name].sha256.hex()}
            case Mapping():
                return {key: self.substituted(each) for key, each in value.items()}
            case list():
                elements: list[Any] = []
                for each in value:
                    elements += HELPER if each == "{helper}" else [self.substituted(each)]
                return elements
        return value

    def work_file(self, path: str) -> Path:
        """A file below the worker's work directory."""
        return Path(self.session().hello.work_directory) / path

    def _values(self) -> dict[str, str]:
        return {
            "server": self.proxy.address,
            "name": self.worker_name,
            "state": str(self.state),
            "work": str(self.state / "work"),
            "token": self.enrollment.token,
            "spool": str(self.spool_bytes),
        }

    def _proxy_of(self, peer: str) -> str:
        port = peer.rpartition(":")[2]
        for proxy in self.proxies.values():
            if any(str(connection.server_sees) == port for connection in proxy.open):
                return proxy.name
        return "?"

    def _note_network(self, what: str) -> None:
        self.transcript.add("network", what)
        self.condition.notify()


def without_references(value: Any) -> Any:
    """Plain data with stand-ins for what is only known when the case is run."""
    match value:
        case {"blob_of": _}:
            return {"size": 1}
        case {"sha256_of": _}:
            return ""
        case Mapping():
            return {key: without_references(each) for key, each in value.items()}
        case list():
            return [without_references(each) for each in value]
        case "{spool}":
            return "1"
    return value
