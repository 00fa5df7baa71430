"""All runs of a case: what they are called, what is wanted of them, what came of them."""

from __future__ import annotations

import uuid
from collections.abc import Callable

from buildledger.conformance.record import AttemptRecord
from buildledger.grpc_protos.worker.v1 import worker_pb2 as pb

Key = tuple[str, int]
"""Identity of a run, and number of the attempt."""
_NAMESPACE = uuid.UUID("6f0c3b8e-8f5c-4f0c-9a35-1d4b1f7f2a11")


class Runs:
    """What a server's ledger would know; it outlives every connection."""

    def __init__(self, case: str, violation: Callable[[str], None]) -> None:
        self.records: dict[Key, AttemptRecord] = {}
        self.wanted: dict[Key, pb.DesiredRun] = {}
        """What stands in the full Desired of each session."""
        self._case = case
        self._violation = violation
        self._ids: dict[str, str] = {}
        self._names: dict[str, str] = {}

    def run_id(self, name: str) -> str:
        """The identity of the run that the case calls by this name."""
        if name not in self._ids:
            self.identify(name, str(uuid.uuid5(_NAMESPACE, f"{self._case}/{name}")))
        return self._ids[name]

    def identify(self, name: str, run_id: str) -> None:
        """Give a run a certain identity."""
        self._ids[name] = run_id
        self._names[run_id] = name

    def name_of(self, run_id: str) -> str:
        """What the case calls a run; its identity if the case doesn't know it."""
        return self._names.get(run_id, run_id)

    def record(self, name: str, attempt: int = 1) -> AttemptRecord:
        """What came of an attempt."""
        return self.record_of((self.run_id(name), attempt))

    def record_of(self, key: Key) -> AttemptRecord:
        """What came of an attempt, by its identity."""
        if key not in self.records:
            name, attempt = self.name_of(key[0]), key[1]
            label = name if attempt == 1 else f"{name} (attempt {attempt})"
            self.records[key] = AttemptRecord(label, *key, self._violation)
        return self.records[key]

    def check_session_credit(self, limit_bytes: int, chunk_bytes: int) -> None:
        """All runs together may have so much unacknowledged; the last chunk may pass the limit."""
        unacked = sum(record.unacked_output_bytes for record in self.records.values())
        if unacked > limit_bytes + chunk_bytes:
            self._violation(f"{unacked} bytes of output are unacknowledged, more than Welcome.session_credit_bytes")
