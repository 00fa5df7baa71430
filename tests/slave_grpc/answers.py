"""How workers are answered that show a credential."""

from collections.abc import Awaitable
from typing import Any

import grpc
import grpc.aio
import pytest

from tests.slave_grpc.key_holder import Metadata
from tests.slave_grpc.raw_worker import RawWorker
from tests.slave_grpc.service import Installation


async def let_in(installation: Installation, metadata: Metadata, instance_id: str = "one") -> None:
    """The worker gets in with this, and goes."""
    worker = RawWorker(installation.port, "bob", metadata=metadata, instance_id=instance_id)
    await worker.connect()
    await worker.close()


async def refused(installation: Installation, metadata: Metadata, name: str = "bob") -> str:
    """Why a session isn't begun: the stream ends as UNAUTHENTICATED."""
    worker = RawWorker(installation.port, name, metadata=metadata)
    code, text = await status(worker.hear())
    await worker.close()
    assert code is grpc.StatusCode.UNAUTHENTICATED
    return text


async def status(call: Awaitable[Any]) -> tuple[grpc.StatusCode, str]:
    """How a call failed."""
    with pytest.raises(grpc.aio.AioRpcError) as failed:
        await call
    return failed.value.code(), failed.value.details() or ""
