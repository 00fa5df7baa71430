"""The gRPC service `Enrollment`: exchanges a one-use token, or a credential in force, for a new credential."""

import asyncio
from collections.abc import Callable
from datetime import timedelta
from typing import Any, NoReturn

import grpc

from buildledger.clock import Clock
from buildledger.domain import enrollment
from buildledger.domain.command import Command
from buildledger.domain.enrollment import UseEnrollment
from buildledger.domain.refusals import Refusal
from buildledger.domain.worker import EnrollWorker, RotateCredential
from buildledger.events.worker import EnrollmentIssued
from buildledger.grpc_protos.worker.v1 import worker_pb2 as pb
from buildledger.grpc_protos.worker.v1 import worker_pb2_grpc
from buildledger.ledger.errors import LedgerUnavailable
from buildledger.ledger.ledger import Ledger
from buildledger.ledger.submission import Origin
from buildledger.slave_grpc.identity.caller import current_caller
from buildledger.slave_grpc.identity.credential_issuer import CredentialIssuer, IssuedCredential, token_without_ca
from buildledger.slave_grpc.identity.credentials import digest_of
from buildledger.slave_grpc.identity.keys import BadRequestError
from buildledger.slave_grpc.identity.worker_names import bad_name_message, is_worker_name, unknown_worker_message
from buildledger.slave_grpc.wire.status import status_of


class Enrollment(worker_pb2_grpc.EnrollmentServicer):
    """Issues credentials. The ledger keeps their digests, serials and public keys, never the credentials."""

    def __init__(
        self,
        *,
        ledger: Ledger,
        clock: Clock,
        issuer: CredentialIssuer,
        is_configured: Callable[[str], bool],
        overlap_seconds: float,
    ) -> None:
        self._ledger = ledger
        self._clock = clock
        self._issuer = issuer
        self._is_configured = is_configured
        self._overlap = timedelta(seconds=overlap_seconds)

    async def Enroll(self, request: pb.EnrollRequest, context: Any) -> pb.EnrollResponse:  # noqa: N802 - gRPC's name
        """Spend the token and record the new credential, in one transaction."""
        name = request.name
        if not is_worker_name(name):
            await _refuse(context, grpc.StatusCode.INVALID_ARGUMENT, bad_name_message(name))
        digest = digest_of(token_without_ca(request.token))
        use = UseEnrollment(token_digest=digest, worker=name, at=self._clock.now())
        made_for = await self._check_token(use, context)
        if not self._is_configured(name):
            # Only who has a good token learns which names are configured; it is kept for the right one.
            await _refuse(context, grpc.StatusCode.INVALID_ARGUMENT, unknown_worker_message(name))
        issued = await self._issue(name, request.csr_der, context)
        await self._record(
            context,
            name,
            use,
            EnrollWorker(
                worker=name,
                credential_digest=issued.digest,
                serial=issued.serial,
                public_key=issued.public_key,
                expires_at=issued.expires_at,
                replaces=made_for == name,
            ),
        )
        return pb.EnrollResponse(credential=issued.credential)

    async def Rotate(self, request: pb.RotateRequest, context: Any) -> pb.RotateResponse:  # noqa: N802 - gRPC's name
        """Exchange the credential that the call was made with for a new one. Open sessions stay open."""
        shown = current_caller().credential
        assert shown is not None, "a run token lets nobody into this service"
        if shown.public_key and not request.csr_der:
            await _refuse(
                context,
                grpc.StatusCode.INVALID_ARGUMENT,
                "a credential that is bound to a key is exchanged for one that is, too: csr_der is missing",
            )
        issued = await self._issue(shown.worker, request.csr_der, context)
        await self._record(
            context,
            shown.worker,
            RotateCredential(
                worker=shown.worker,
                shown_digest=shown.digest,
                at=self._clock.now(),
                overlap=self._overlap,
                credential_digest=issued.digest,
                serial=issued.serial,
                public_key=issued.public_key,
                expires_at=issued.expires_at,
            ),
        )
        return pb.RotateResponse(credential=issued.credential)

    async def _check_token(self, use: UseEnrollment, context: Any) -> str | None:
        """The only worker that the token was made for; None: any. A token that couldn't be spent ends the call."""
        state, _ = await asyncio.to_thread(self._ledger.load, enrollment.AGGREGATE, use.stream_id)
        try:
            enrollment.decide(state, use)
        except Refusal as refusal:
            await _refuse(context, status_of(refusal), str(refusal))
        issued: EnrollmentIssued = state.issued
        return issued.worker

    async def _issue(self, worker: str, request_der: bytes, context: Any) -> IssuedCredential:
        try:
            return self._issuer.issue(worker, request_der)
        except BadRequestError as error:
            await _refuse(context, grpc.StatusCode.INVALID_ARGUMENT, str(error))

    async def _record(self, context: Any, worker: str, *commands: Command) -> None:
        try:
            await self._ledger.execute(*commands, origin=Origin(actor=f"worker:{worker}"))
        except Refusal as refusal:
            await _refuse(context, status_of(refusal), str(refusal))
        except LedgerUnavailable as error:
            await _refuse(context, grpc.StatusCode.UNAVAILABLE, str(error))


async def _refuse(context: Any, status: grpc.StatusCode, text: str) -> NoReturn:
    await context.abort(status, text)
    raise AssertionError("abort does not return")
