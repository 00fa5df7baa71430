"""A worker service in a process of its own, to be killed: `python -m …server_process DIRECTORY PORT`."""

import asyncio
import sys
from pathlib import Path

from tests.slave_grpc.service import Installation


async def main() -> None:
    installation = Installation(Path(sys.argv[1]))
    installation.port = int(sys.argv[2])
    await installation.start()
    print(installation.port, flush=True)  # noqa: T201 - tells the test
    await asyncio.Event().wait()


if __name__ == "__main__":
    asyncio.run(main())
