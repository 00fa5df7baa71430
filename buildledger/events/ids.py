"""Typed ids. All are uuid5 of natural keys, so that whatever is retried names the same thing again."""

from __future__ import annotations

import hashlib
import hmac
from typing import NewType
from uuid import UUID, uuid5

ChangeId = NewType("ChangeId", UUID)
SourceId = NewType("SourceId", UUID)
RequestId = NewType("RequestId", UUID)
BuildId = NewType("BuildId", UUID)
OperationId = NewType("OperationId", UUID)
LogId = NewType("LogId", UUID)
WorkerId = NewType("WorkerId", UUID)
MachineId = NewType("MachineId", UUID)
EnrollmentId = NewType("EnrollmentId", UUID)
ClaimId = NewType("ClaimId", UUID)
WordsId = NewType("WordsId", UUID)
ServerId = NewType("ServerId", UUID)
ReaderId = NewType("ReaderId", UUID)
PipelineId = NewType("PipelineId", UUID)

NAMESPACE = UUID("6d2c1f0a-3a5e-5b0e-9b0c-7a1de0a3c9e1")
CONFIG_STREAM = uuid5(NAMESPACE, "config")
SEAL_STREAM = uuid5(NAMESPACE, "seal")


def _id(*parts: object) -> UUID:
    return uuid5(NAMESPACE, "\x1f".join(str(part) for part in parts))


def source_id(source: str) -> SourceId:
    """The stream of a source's branch heads, by its configured name."""
    return SourceId(_id("source", source))


def change_id(source: str, revision: str) -> ChangeId:
    """A commit of a source: the same commit on two branches is one change."""
    return ChangeId(_id("change", source, revision))


def pipeline_id(digest: str) -> PipelineId:
    """What a repository's file defines, by the digest of that: equal files of a source are one pipeline."""
    return PipelineId(_id("pipeline", digest))


def revision_pipeline_id(source: str, revision: str) -> PipelineId:
    """The file of a revision, by what came of reading it."""
    return PipelineId(_id("revision pipeline", source, revision))


def request_id(*cause: object) -> RequestId:
    """A build request, from whatever uniquely caused it: trigger and changes, or a client's idempotency key."""
    return RequestId(_id("request", *cause))


def build_id(request: RequestId, attempt: int) -> BuildId:
    """The `attempt`-th build of a request, from 1."""
    return BuildId(_id("build", request, attempt))


def operation_id(build: BuildId, step_index: int, number: int) -> OperationId:
    """The `number`-th worker operation of a step, both from 0."""
    return OperationId(_id("operation", build, step_index, number))


def log_id(operation: OperationId, channel: str) -> LogId:
    """What an operation wrote to one channel (`stdio`, `stderr`, or a watched file's name)."""
    return LogId(_id("log", operation, channel))


def worker_id(name: str) -> WorkerId:
    """A worker, by its configured name."""
    return WorkerId(_id("worker", name))


def machine_id(worker: str) -> MachineId:
    """The machines of an elastic worker, one after another, by its configured name."""
    return MachineId(_id("machine", worker))


def reader_id(name: str) -> ReaderId:
    """A follower of the ledger, by the name of its projection or of its checkpoints."""
    return ReaderId(_id("reader", name))


def enrollment_id(token_digest: str) -> EnrollmentId:
    """A one-use enrollment token, by the SHA-256 of its text in hex."""
    return EnrollmentId(_id("enrollment", token_digest))


def claim_id(key: bytes, kind: str, namespace: str, value: str) -> ClaimId:
    """A claim about a person, keyed: without the installation's `key` nobody can test whether a value was seen.

    `value` is normalised by the rules of its kind before it comes here.
    """
    return ClaimId(UUID(bytes=_keyed(key, "claim", kind, namespace, value), version=5))


def words_id(key: bytes, *owner: object) -> WordsId:
    """A text in the vault, by what it belongs to (never by the text itself)."""
    return WordsId(UUID(bytes=_keyed(key, "words", *(str(part) for part in owner)), version=5))


def _keyed(key: bytes, *parts: str) -> bytes:
    return hmac.new(key, "\x1f".join(parts).encode(), hashlib.sha256).digest()[:16]
