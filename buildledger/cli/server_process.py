"""What a server asks of its process: a fast event loop, files for thousands of workers, rare garbage collection."""

import asyncio
import gc
import sys
from collections.abc import Callable, Coroutine
from typing import Any

from buildledger.worker import main_loop

ALLOCATIONS_PER_COLLECTION = 50_000
"""How many more objects than before there may be until the youngest are looked at. A session makes a handful per
heartbeat and drops them at once; at Python's own 700 the collector took a tenth of the event loop's time."""

OPEN_FILES = 65_536
"""Each worker has a connection. Not as many as the system would allow: every child inherits the limit."""


def run_as_server(main: Callable[[], Coroutine[Any, Any, None]]) -> None:
    """Run a server's main coroutine to its end; a signal that it doesn't handle cancels it."""
    allow_open_files()
    gc.set_threshold(ALLOCATIONS_PER_COLLECTION)
    main_loop.run(main, loop_factory=_loop_factory())


def allow_open_files() -> None:
    """Raise this process's limit of open files, as far as this user may."""
    if sys.platform == "win32":
        return
    import resource

    current, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = OPEN_FILES if most == resource.RLIM_INFINITY else min(OPEN_FILES, most)
    if current != resource.RLIM_INFINITY and current < wanted:
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, most))


def _loop_factory() -> Any:
    if sys.platform == "win32":
        return asyncio.new_event_loop
    import uvloop

    return uvloop.new_event_loop
