"""A process that begins to do the open operations of an installation and never ends one; for tests that kill it."""

import asyncio
import sys
from pathlib import Path

from buildledger.events.operation import FindArtifact
from tests.operations.installation import BlockedPerformer, Installation


async def main(directory: Path) -> None:
    """Say `begun` once the first operation is being done."""
    installation = Installation(directory)
    performer = BlockedPerformer()
    await installation.start({FindArtifact: performer})
    await asyncio.to_thread(performer.begun.wait)
    sys.stdout.write("begun\n")
    sys.stdout.flush()
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main(Path(sys.argv[1])))
