"""The standard gRPC service `grpc.health.v1.Health`, by which proxies and orchestrators see whether to send workers."""

import grpc.aio
from grpc_health.v1 import health, health_pb2
from grpc_health.v1.health_pb2_grpc import add_HealthServicer_to_server

from buildledger.grpc_protos.worker.v1 import worker_pb2 as pb


class HealthService:
    """Reports every service of the room, and the server as a whole under the empty name, in one state."""

    def __init__(self, server: grpc.aio.Server) -> None:
        """Add the service to a server that hasn't started."""
        self._servicer = health.aio.HealthServicer()
        add_HealthServicer_to_server(self._servicer, server)

    async def serve(self) -> None:
        """Report SERVING: workers are admitted."""
        for name in ("", *(service.full_name for service in pb.DESCRIPTOR.services_by_name.values())):
            await self._servicer.set(name, health_pb2.HealthCheckResponse.SERVING)

    async def drain(self) -> None:
        """Report NOT_SERVING for good: the server is about to end, and admits no more workers."""
        await self._servicer.enter_graceful_shutdown()
