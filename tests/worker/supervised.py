"""What tests of supervised workers have in common."""

import asyncio
import json
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from pathlib import Path

from buildledger.grpc_protos.worker.v1 import worker_pb2 as pb
from tests.fakes.scripted_server import Key, ScriptedServer

PATIENCE_SECONDS = 90.0
WAITS_TO_GO = "while [ ! -e go ] && [ -d $PWD ]; do sleep 0.02; done"
"""For a file; given up when its directory is removed, so that a test that fails leaves no process."""

StartSupervised = Callable[..., AbstractAsyncContextManager[asyncio.subprocess.Process]]


async def ended(server: ScriptedServer, key: Key) -> pb.Exited:
    """How a run ended; waits for it."""
    return await server.ended(key, PATIENCE_SECONDS)


async def kill(process: asyncio.subprocess.Process) -> None:
    """SIGKILL, and wait until it is gone."""
    process.kill()
    await process.wait()


def supervisor_pid(tmp_path: Path, key: Key) -> int:
    """Of the supervisor of an attempt."""
    claim = tmp_path / "state" / "supervised" / f"{key[0]}.{key[1]}" / "pid"
    return int(json.loads(claim.read_text())["pid"])


def exists(path: str) -> bool:
    """Whether there is such a file."""
    return Path(path).exists()
