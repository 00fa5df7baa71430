"""Says in each line of the log which worker it is about: those of the agent don't know that they are many."""

import logging
from contextvars import ContextVar

WORKER: ContextVar[str] = ContextVar("worker", default="-")
"""The worker that the running task serves; tasks inherit it."""
FORMAT = "%(asctime)s %(levelname)s %(worker)s: %(message)s"


def log_worker_names() -> None:
    """Set logging up for a program that is a bridge and nothing else."""
    logging.basicConfig(level=logging.INFO, format=FORMAT)
    for handler in logging.getLogger().handlers:
        handler.addFilter(_add_worker)
    for library in ("websockets", "httpx"):
        logging.getLogger(library).setLevel(logging.WARNING)


def _add_worker(record: logging.LogRecord) -> bool:
    record.worker = WORKER.get()
    return True
