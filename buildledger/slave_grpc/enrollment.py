"""`Enrollment`: a one-use token becomes a worker's credential."""

from typing import Any

import grpc

from buildledger.clock import Clock
from buildledger.domain.enrollment import UseEnrollment
from buildledger.domain.refusals import Refusal
from buildledger.domain.worker import EnrollWorker
from buildledger.events.ids import worker_id
from buildledger.grpc_protos.worker.v1 import worker_pb2 as pb
from buildledger.grpc_protos.worker.v1 import worker_pb2_grpc
from buildledger.ledger.errors import LedgerUnavailable
from buildledger.ledger.ledger import Ledger
from buildledger.ledger.submission import Origin
from buildledger.slave_grpc.admission import NAME, NAME_RULE
from buildledger.slave_grpc.credentials import digest_of, new_credential
from buildledger.slave_grpc.status import status_of


class Enrollment(worker_pb2_grpc.EnrollmentServicer):
    """Gives credentials. A request for a client certificate is accepted and answered without one: bearer only."""

    def __init__(self, ledger: Ledger, clock: Clock) -> None:
        self._ledger = ledger
        self._clock = clock

    async def Enroll(self, request: pb.EnrollRequest, context: Any) -> pb.EnrollResponse:  # noqa: N802 - gRPC's name
        """Spend the token and record the digest of a new credential, in one transaction."""
        if not NAME.fullmatch(request.name):
            await context.abort(
                grpc.StatusCode.INVALID_ARGUMENT,
                f"{request.name!r} is not a worker's name: {NAME_RULE}",
            )
        credential = new_credential()
        try:
            await self._ledger.execute(
                UseEnrollment(token_digest=digest_of(request.token), worker=request.name, at=self._clock.now()),
                EnrollWorker(worker=request.name, credential_digest=digest_of(credential)),
                origin=Origin(actor=f"worker:{request.name}"),
            )
        except Refusal as refusal:
            await context.abort(status_of(refusal), str(refusal))
        except LedgerUnavailable as error:
            await context.abort(grpc.StatusCode.UNAVAILABLE, str(error))
        return pb.EnrollResponse(credential=pb.Credential(worker_id=str(worker_id(request.name)), bearer=credential))

    async def Rotate(self, request: pb.RotateRequest, context: Any) -> pb.RotateResponse:  # noqa: N802 - gRPC's name
        """Not offered (Welcome doesn't name the feature): credentials stand until they are revoked."""
        await context.abort(grpc.StatusCode.UNIMPLEMENTED, "this server does not rotate credentials; enroll again")
        raise AssertionError("abort does not return")
