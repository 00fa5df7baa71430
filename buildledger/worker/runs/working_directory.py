"""Opens the directory that a command is to run in."""

import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from buildledger.grpc_protos.worker.v1 import worker_pb2 as pb
from buildledger.worker.files.contained import opened
from buildledger.worker.files.paths import PathEscapesError
from buildledger.worker.processes.process import StartFailedError
from buildledger.worker.runs.plan import Plan


@contextmanager
def working_directory(plan: Plan) -> Iterator[tuple[int, bytes]]:
    """Hold open the directory that the plan's command runs in: its descriptor, and its path.

    The build directory is made if it isn't there.

    Raises:
        StartFailedError: it isn't there, or not in the build directory.
        OSError: the build directory can't be made.
    """
    cwd = os.fsencode(plan.spec.command.cwd)
    with ExitStack() as held:
        try:
            tree = held.enter_context(opened(plan.directory, make=True))
            reached = held.enter_context(tree.directory(cwd))
        except PathEscapesError as error:
            raise StartFailedError(pb.START_FAILURE_BAD_CWD, str(error)) from error
        except (FileNotFoundError, NotADirectoryError) as error:
            message = f"the working directory {os.fsdecode(cwd)!r} doesn't exist"
            raise StartFailedError(pb.START_FAILURE_BAD_CWD, message) from error
        yield reached
