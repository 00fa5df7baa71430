"""What is wrong with a Hello: with itself, with those before it, and with what the server knows of its runs."""

from __future__ import annotations

from collections.abc import Callable

from buildledger.conformance.runs import Runs
from buildledger.grpc_protos.worker.v1 import worker_pb2 as pb


class HelloCheck:
    """Remembers what each start of a worker said of itself."""

    def __init__(
        self, name: str, runs: Runs, start_of_worker: Callable[[], int], violation: Callable[[str], None]
    ) -> None:
        """`start_of_worker` counts the starts of the worker called `name`; `violation` is told what is wrong."""
        self._name = name
        self._runs = runs
        self._start_of_worker = start_of_worker
        self._violation = violation
        self._instances: dict[int, str] = {}
        self._boot_id = ""

    def check(self, hello: pb.Hello) -> None:
        """Check the first message of one more stream."""
        for found in hello_violations(hello, self._name):
            self._violation(found)
        self._check_instance(hello)
        for run in hello.runs:
            record = self._runs.records.get((run.run_id, run.attempt))
            if record is None:
                self._violation(f"Hello tells of a run that was never wanted: {run.run_id}")
            elif run.next_event <= len(record.stored):
                self._violation(
                    f"Hello says that run {record.name} comes to event {run.next_event}, which was sent before"
                )

    def _check_instance(self, hello: pb.Hello) -> None:
        """One start of the worker is one instance, all on the same boot of the machine."""
        start = self._start_of_worker()
        known = self._instances.setdefault(start, hello.instance_id)
        if known != hello.instance_id:
            self._violation("Hello.instance_id isn't that of the session before, although the worker wasn't restarted")
        if any(other == known for number, other in self._instances.items() if number != start):
            self._violation("Hello.instance_id is that of an earlier start of the worker")
        self._boot_id = self._boot_id or hello.boot_id
        if hello.boot_id != self._boot_id:
            self._violation("Hello.boot_id has changed, although the machine wasn't restarted")


def hello_violations(hello: pb.Hello, name: str) -> list[str]:
    """What no Hello may lack, whatever the case."""
    found = []
    if hello.name != name:
        found.append(f"Hello.name is {hello.name!r}, but the worker was told to be {name!r}")
    if not hello.proto_min <= hello.proto_max or hello.proto_min == 0:
        found.append(f"Hello speaks versions {hello.proto_min} to {hello.proto_max}")
    if len(set(hello.features)) != len(hello.features):
        found.append("Hello.features names a feature twice")
    if hello.HasField("limits") and hello.limits.message_bytes < 1 << 20:
        found.append(f"Hello.limits.message_bytes is {hello.limits.message_bytes}, less than 1 MiB")
    for run in hello.runs:
        if run.state in (pb.RUN_STATE_UNSPECIFIED, pb.RUN_STATE_NEW, pb.RUN_STATE_RELEASED):
            found.append(f"Hello tells of a run in state {run.state}")
        if run.next_event <= run.acked_through:
            found.append(
                f"Hello tells of a run with next_event {run.next_event} after acked_through {run.acked_through}"
            )
    return found
