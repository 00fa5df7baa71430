"""Does something for as long as this server leads it."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine
from typing import Any

from buildledger.ledger.errors import DATABASE_ERRORS, LedgerClosed, LedgerUnavailable
from buildledger.servers.entries import Servers, Singleton

LOOK_SECONDS = 0.1
"""Between two looks whether this server leads."""
RETRY_SECONDS = 1.0
"""Before work that ended because the database was away begins anew."""

_log = logging.getLogger(__name__)


async def lead(servers: Servers, singleton: Singleton, work: Callable[[], Coroutine[Any, Any, None]]) -> None:
    """Do the work, begun anew for each time of leading and after the database was away, until it ends by itself.

    When the server leads it no longer the work is cancelled at once.

    Raises:
        Exception: Whatever else made the work fail.
    """
    while True:
        while not servers.leads(singleton):  # noqa: ASYNC110 - it also ends with time alone
            await asyncio.sleep(LOOK_SECONDS)
        task = asyncio.create_task(work(), name=singleton)
        try:
            while servers.leads(singleton) and not task.done():
                await asyncio.wait({task}, timeout=LOOK_SECONDS)
            if not task.done():
                _log.warning("another server may lead %s from here on; this one stops it", singleton)
                continue
            task.result()
            return
        except LedgerClosed:
            return
        except Exception as error:
            if not _is_away(error):
                raise
            _log.warning("%s waits for the database: %s", singleton, error)
            await asyncio.sleep(RETRY_SECONDS)
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)


def _is_away(error: BaseException) -> bool:
    """Whether the database's absence is all that went wrong."""
    if isinstance(error, BaseExceptionGroup):
        return all(_is_away(each) for each in error.exceptions)
    return isinstance(error, (*DATABASE_ERRORS, LedgerUnavailable)) and not isinstance(error, LedgerClosed)
