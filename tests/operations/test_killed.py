"""A server that is killed in the middle of an operation."""

import asyncio
import sys
from asyncio.subprocess import PIPE
from pathlib import Path

from buildledger.events.build import OperationFinished
from buildledger.events.operation import FindArtifact
from tests.operations.installation import PATIENCE_SECONDS, Installation, KnownArtifacts


async def test_killed_in_mid_operation(tmp_path: Path) -> None:
    """What was being done when its server was killed is done by the next one, and ends once."""
    installation = Installation(tmp_path)
    operation = await installation.request(FindArtifact(artifact="x", of="build"))
    await installation.close()
    killed = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "tests.operations.blocked_server", str(tmp_path), stdout=PIPE
    )
    assert killed.stdout is not None
    async with asyncio.timeout(PATIENCE_SECONDS):
        assert await killed.stdout.readline() == b"begun\n"
    killed.kill()
    await killed.wait()
    installation = Installation(tmp_path)
    installation.finder = KnownArtifacts()
    await installation.start()
    assert (await installation.ended(operation)).reason == "no_file"
    assert len(installation.facts(OperationFinished)) == 1
    await installation.close()
