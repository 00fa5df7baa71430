"""The port for values of secrets: asked for each time an operation is sent, kept nowhere."""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from typing import Protocol

from buildledger.events.ids import BuildId

THREADS = 16
"""That may wait for secrets at the same time: a Vault may take its time, and each worker is sent its own."""


class SecretSource(Protocol):
    """Gives the values of secrets by name, each to a build."""

    def get(self, name: str, build_id: BuildId) -> str:
        """The value of a secret for a build; may block, for it is called in a thread.

        Raises:
            LookupError: There is no such secret. The text must not hold a value.
            OSError: The source can't be read. The text must not hold a value.
        """
        ...


class NoSecrets:
    """The source of a server that was given no secrets: every look-up fails."""

    def get(self, name: str, build_id: BuildId) -> str:
        """See `SecretSource.get`."""
        raise LookupError("no source of secrets is configured")


class SecretLookups:
    """Asks a source on threads of their own: while it is slow, all else that the server does in threads goes on."""

    def __init__(self, source: SecretSource) -> None:
        self._source = source
        self._threads = ThreadPoolExecutor(THREADS, thread_name_prefix="secrets")

    async def get(self, name: str, build_id: BuildId) -> str:
        """See `SecretSource.get`."""
        return await asyncio.get_running_loop().run_in_executor(self._threads, self._source.get, name, build_id)

    def close(self) -> None:
        """Let nobody wait any more; what is being asked for is let go."""
        self._threads.shutdown(wait=False, cancel_futures=True)
