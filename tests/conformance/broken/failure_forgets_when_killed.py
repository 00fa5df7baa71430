"""Begins with nothing when it is started again: what its journals say is not read."""

from typing import Any

from buildledger.worker import worker
from buildledger.worker.command_line import main
from buildledger.worker.runs.attempt import Attempt


async def unsound(*_: Any) -> list[Attempt]:
    return []


worker.recover = unsound  # type: ignore[assignment, attr-defined]
main()
