"""The worker program: enrols if it must, then keeps a session with the server until it is told to end."""

import contextlib
import fcntl
import logging
import os
import signal
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from buildledger.worker.contract.directory import PRIVATE
from buildledger.worker.main_loop import handled
from buildledger.worker.settings import WorkerSettings
from buildledger.worker.supervision.program import SupervisorUnusableError
from buildledger.worker.transport.credential import CredentialUnreadableError
from buildledger.worker.transport.enrollment import EnrollmentRefusedError
from buildledger.worker.transport.transport import CaFileUnusableError, PlainTransportRefusedError
from buildledger.worker.worker import Worker

EXIT_STOPPED = 0
EXIT_MISCONFIGURED = 2

_log = logging.getLogger(__name__)


class StateInUseError(Exception):
    """Another worker runs on the same state directory."""

    def __init__(self, state_dir: Path) -> None:
        self.state_dir = state_dir
        super().__init__(f"another worker is using {state_dir}; each worker needs a state directory of its own")


async def run_worker(settings: WorkerSettings) -> int:
    """Run a worker until SIGTERM, SIGINT or SIGHUP, and return the exit code of the program.

    SIGTERM and SIGINT end the runs by their stop policy, a second one at once; SIGHUP lets them finish. Cancelling the
    coroutine kills the runs and leaves the journals for the next start.
    """
    for directory in (settings.state_dir, settings.work_dir):
        directory.mkdir(parents=True, exist_ok=True)
    settings.state_dir.chmod(0o700)
    try:
        with _exclusive(settings.state_dir):
            worker = Worker(settings)
            with _signals(worker) if settings.handle_signals else contextlib.nullcontext():
                await worker.run()
    except (
        StateInUseError,
        CaFileUnusableError,
        PlainTransportRefusedError,
        EnrollmentRefusedError,
        CredentialUnreadableError,
        SupervisorUnusableError,
    ) as error:
        _log.critical("%s", error)
        return EXIT_MISCONFIGURED
    return EXIT_STOPPED


@contextlib.contextmanager
def _exclusive(state_dir: Path) -> Iterator[None]:
    """Hold the state directory's lock; the system lets go of it however the process ends."""
    with open(os.open(state_dir / "lock", os.O_WRONLY | os.O_CREAT | os.O_CLOEXEC, PRIVATE), "wb") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise StateInUseError(state_dir) from error
        yield


def _signals(worker: Worker) -> contextlib.AbstractContextManager[None]:
    """Call the worker's `shut_down` and `drain` on signals."""
    actions = {signal.SIGTERM: worker.shut_down, signal.SIGINT: worker.shut_down, signal.SIGHUP: worker.drain}
    return handled({number: partial(action, number.name) for number, action in actions.items()})
