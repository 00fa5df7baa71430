"""Adds to each line of the log the name of the Buildbot worker it is about."""

import logging
from contextvars import ContextVar

WORKER: ContextVar[str] = ContextVar("worker", default="-")
"""The worker that the running task serves; tasks inherit it."""
FORMAT = "%(asctime)s %(levelname)s %(worker)s: %(message)s"


def log_worker_names() -> None:
    """Configure the process's logging with worker names; for programs that are a bridge and nothing else."""
    logging.basicConfig(level=logging.INFO, format=FORMAT)
    for handler in logging.getLogger().handlers:
        handler.addFilter(_add_worker)
    for library in ("websockets", "httpx"):
        logging.getLogger(library).setLevel(logging.WARNING)


def _add_worker(record: logging.LogRecord) -> bool:
    record.worker = WORKER.get()
    return True
