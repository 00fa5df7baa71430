"""The scripted server's enrollment: one-use tokens in, credentials out."""

from __future__ import annotations

import time
import uuid
from dataclasses import dataclass
from typing import Any

import grpc
import grpc.aio
from cryptography import x509
from google.protobuf.timestamp_pb2 import Timestamp

from buildledger.conformance.condition import Condition
from buildledger.conformance.server_behaviour import ServerBehaviour
from buildledger.conformance.transcript import Transcript
from buildledger.grpc_protos.worker.v1 import worker_pb2 as pb
from buildledger.grpc_protos.worker.v1 import worker_pb2_grpc


@dataclass(frozen=True)
class Call:
    """One call of a method other than Session."""

    method: str
    at: float
    bearer: str
    offset: int = 0
    """Of a blob call: where it began."""


class ScriptedEnrollment(worker_pb2_grpc.EnrollmentServicer):
    """Gives a credential for each token once, and another for each credential."""

    def __init__(
        self, behaviour: ServerBehaviour, transcript: Transcript, condition: Condition, calls: list[Call]
    ) -> None:
        self.worker_id = str(uuid.uuid4())
        self.tokens = {uuid.uuid4().hex}
        """Those that weren't used."""
        self.token = next(iter(self.tokens))
        """What the worker is started with."""
        self.renew_after_seconds: float | None = None
        self.bearers: list[str] = []
        """Issued so far, oldest first."""
        self._behaviour = behaviour
        self._transcript = transcript
        self._condition = condition
        self._calls = calls

    async def Enroll(  # noqa: N802 - gRPC's name
        self, request: pb.EnrollRequest, context: grpc.aio.ServicerContext[Any, Any]
    ) -> pb.EnrollResponse:
        """Take a token, once."""
        self._note("Enroll", context)
        if request.token not in self.tokens:
            self._transcript.add("server", "refuses the token: it was used, or never given out")
            await context.abort(grpc.StatusCode.UNAUTHENTICATED, "the token is unknown, used or expired")
        await self._check_request(request.csr_der, context)
        self.tokens.discard(request.token)
        return pb.EnrollResponse(credential=self._issue(request.csr_der))

    async def Rotate(  # noqa: N802 - gRPC's name
        self, request: pb.RotateRequest, context: grpc.aio.ServicerContext[Any, Any]
    ) -> pb.RotateResponse:
        """Replace a credential; the one before stays valid."""
        call = self._note("Rotate", context)
        if call.bearer not in self._behaviour.credentials:
            await context.abort(grpc.StatusCode.UNAUTHENTICATED, "the credential isn't valid")
        flaw = self._behaviour.proofs.flaw(call.bearer, _metadata(context))
        if flaw is not None:
            self._transcript.add("server", f"refuses Rotate: {flaw}")
            await context.abort(grpc.StatusCode.UNAUTHENTICATED, flaw)
        await self._check_request(request.csr_der, context)
        self.renew_after_seconds = None
        return pb.RotateResponse(credential=self._issue(request.csr_der))

    def _issue(self, request_der: bytes) -> pb.Credential:
        bearer = uuid.uuid4().hex
        self.bearers.append(bearer)
        self._behaviour.credentials.add(bearer)
        self._behaviour.proofs.bind(bearer, request_der)
        credential = pb.Credential(worker_id=self.worker_id, bearer=bearer)
        if self.renew_after_seconds is not None:
            now = time.time()
            credential.renew_at.CopyFrom(_instant(now + self.renew_after_seconds))
            credential.not_after.CopyFrom(_instant(now + 3600))
        self._condition.notify()
        return credential

    def _note(self, method: str, context: grpc.aio.ServicerContext[Any, Any]) -> Call:
        bearer = _metadata(context).get("authorization", "").removeprefix("Bearer ")
        call = Call(method, self._transcript.seconds, bearer)
        self._calls.append(call)
        self._transcript.add("worker", f"calls {method}")
        self._condition.notify()
        return call

    @staticmethod
    async def _check_request(csr_der: bytes, context: grpc.aio.ServicerContext[Any, Any]) -> None:
        if csr_der:
            try:
                sound = x509.load_der_x509_csr(csr_der).is_signature_valid
            except ValueError:
                sound = False
            if not sound:
                await context.abort(grpc.StatusCode.INVALID_ARGUMENT, "csr_der isn't a sound PKCS#10 request")


def _metadata(context: grpc.aio.ServicerContext[Any, Any]) -> dict[str, str]:
    return {key: str(value) for key, value in context.invocation_metadata() or ()}


def _instant(seconds: float) -> Timestamp:
    stamp = Timestamp()
    stamp.FromMilliseconds(int(seconds * 1000))
    return stamp
