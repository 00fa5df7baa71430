"""Files of secrets for a command on a Buildbot worker's machine."""

import asyncio
import contextlib
from types import TracebackType

from buildledger.bridge import script
from buildledger.bridge.connection import ConnectionLostError
from buildledger.bridge.machine import Machine, NoAnswerError
from buildledger.grpc_protos.worker.v1 import worker_pb2 as pb

FOLDER = ".buildledger-secrets"
"""In the worker's base directory, readable by its user alone; empty when no command runs."""


class SecretFiles:
    """Private files that exist while the context is open; entering it returns variable names and paths."""

    def __init__(self, machine: Machine, command: pb.Command, cookie: str) -> None:
        self._machine = machine
        self._secrets = [secret for secret in command.secrets if secret.file_env]
        self._folder = f"{machine.basedir}/{FOLDER}/{cookie}"

    async def __aenter__(self) -> dict[str, str]:
        paths = {}
        for number, secret in enumerate(self._secrets):
            paths[secret.file_env] = f"{self._folder}/{number}"
            stored = await self._machine.shell(script.STORE, paths[secret.file_env], stdin=secret.value)
            if not stored.ok:
                raise NoAnswerError(f"a secret can't be put into a file: {stored.complaint}")
        return paths

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._secrets:
            with contextlib.suppress(ConnectionLostError, NoAnswerError, asyncio.CancelledError):
                await self._machine.shell(script.REMOVE, self._folder)


async def remove_left_over(machine: Machine) -> None:
    """Remove files that a broken connection left; raises ConnectionLostError, NoAnswerError."""
    await machine.shell(script.REMOVE, f"{machine.basedir}/{FOLDER}")
