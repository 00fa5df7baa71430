"""Starts one process and tells when and how it ended."""

import asyncio
import contextlib
import fcntl
import os
import pty
import resource
import struct
import subprocess
import termios
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from buildledger.grpc_protos.worker.v1 import worker_pb2 as pb


@dataclass(frozen=True, slots=True)
class ExitStatus:
    """How a process ended: `code`, or the `signal` that ended it; processor seconds of it and those it waited for."""

    code: int | None
    signal: int | None
    user_seconds: float
    system_seconds: float


class StartFailedError(Exception):
    """No process could be started."""

    def __init__(self, failure: pb.StartFailure.ValueType, message: str) -> None:
        self.failure = failure
        self.message = message
        super().__init__(message)


@dataclass(frozen=True, slots=True, kw_only=True)
class Launch:
    """Everything the system needs to know to start a process."""

    argv: Sequence[str]
    env: Mapping[str, str]
    stdin: bytes = b""
    merge_stderr: bool = True
    umask: int = -1
    terminal: tuple[int, int] | None = None
    """Rows and columns of a pseudo terminal."""


class RunningProcess:
    """A started process: its id, the descriptors its output comes from, and its end."""

    def __init__(self, popen: "subprocess.Popen[bytes]", outputs: list[int]) -> None:
        self.pid = popen.pid
        self.outputs = outputs
        """One descriptor (both streams, or a terminal) or two (output and error); to be closed by the reader."""
        self.ended: asyncio.Future[ExitStatus] = asyncio.get_running_loop().create_future()
        self._popen = popen
        self._watch()

    def _watch(self) -> None:
        loop = asyncio.get_running_loop()
        if not hasattr(os, "pidfd_open"):
            threading.Thread(target=self._wait_in_thread, args=(loop,), daemon=True).start()
            return
        descriptor = os.pidfd_open(self.pid)

        def ended() -> None:
            loop.remove_reader(descriptor)
            os.close(descriptor)
            self._finish(os.wait4(self.pid, 0))

        loop.add_reader(descriptor, ended)

    def _wait_in_thread(self, loop: asyncio.AbstractEventLoop) -> None:
        result = os.wait4(self.pid, 0)
        with contextlib.suppress(RuntimeError):
            loop.call_soon_threadsafe(self._finish, result)

    def _finish(self, result: tuple[int, int, resource.struct_rusage]) -> None:
        _, status, usage = result
        code = os.waitstatus_to_exitcode(status)
        # So that subprocess doesn't ask after a child that is gone.
        self._popen.returncode = code
        if not self.ended.done():
            self.ended.set_result(
                ExitStatus(
                    code=code if code >= 0 else None,
                    signal=-code if code < 0 else None,
                    user_seconds=usage.ru_utime,
                    system_seconds=usage.ru_stime,
                )
            )


def start(launch: Launch, directory: int, path: bytes) -> RunningProcess:
    """Start a process as the leader of a session of its own. Blocks until it has begun, about a millisecond.

    It begins in the open `directory`; `path` is for systems on which one can't be entered by its descriptor.

    Raises:
        StartFailedError: there is no process.
    """
    ours: list[int] = []
    theirs: list[int] = []
    try:
        stdin, stdout, stderr, argv = _streams(launch, ours, theirs)
        popen = subprocess.Popen(
            argv,
            # By a name that can't be swapped for a link meanwhile, where the system has one.
            cwd=f"/proc/self/fd/{directory}" if os.path.isdir("/proc/self/fd") else path,
            env=launch.env,
            stdin=stdin,
            stdout=stdout,
            stderr=stderr,
            start_new_session=True,
            umask=launch.umask,
        )
    except OSError as error:
        _close(ours)
        raise _start_failure(error, launch.argv[0]) from error
    except ValueError as error:
        _close(ours)
        raise StartFailedError(pb.START_FAILURE_OTHER, str(error)) from error
    finally:
        _close(theirs)
    for descriptor in ours:
        os.set_blocking(descriptor, False)
    return RunningProcess(popen, ours)


def _streams(launch: Launch, ours: list[int], theirs: list[int]) -> tuple[int, int, int, Sequence[str]]:
    """Descriptors for the three streams, and the command line; what has to be closed goes into the lists."""
    if launch.terminal is not None:
        return _terminal(launch, launch.terminal, ours, theirs)
    stdin = subprocess.DEVNULL
    if launch.stdin:
        # In memory, never in a file: input may hold secrets.
        stdin = os.memfd_create("stdin", os.MFD_CLOEXEC)
        theirs.append(stdin)
        os.write(stdin, launch.stdin)
        os.lseek(stdin, 0, os.SEEK_SET)
    pipes = [os.pipe2(os.O_CLOEXEC) for _ in range(1 if launch.merge_stderr else 2)]
    ours += [reader for reader, _ in pipes]
    theirs += [writer for _, writer in pipes]
    return stdin, pipes[0][1], subprocess.STDOUT if launch.merge_stderr else pipes[1][1], launch.argv


def _terminal(
    launch: Launch, size: tuple[int, int], ours: list[int], theirs: list[int]
) -> tuple[int, int, int, Sequence[str]]:
    main, side = pty.openpty()
    ours.append(main)
    theirs.append(side)
    fcntl.ioctl(side, termios.TIOCSWINSZ, struct.pack("HHHH", *size, 0, 0))
    if launch.stdin:
        os.write(main, launch.stdin)
    # A session leader that opens a terminal by name gets it as its controlling terminal; a shell does that without code
    # between fork and exec.
    opener = ["/bin/sh", "-c", 'exec "$@" <>"$0" >&0 2>&0', os.ttyname(side), *launch.argv]
    return subprocess.DEVNULL, side, side, opener


def _start_failure(error: OSError, program: str) -> StartFailedError:
    match error:
        case FileNotFoundError() | NotADirectoryError():
            return StartFailedError(pb.START_FAILURE_PROGRAM_NOT_FOUND, f"there is no program {program!r}")
        case PermissionError():
            return StartFailedError(pb.START_FAILURE_PERMISSION_DENIED, f"{program!r} may not be run")
        case BlockingIOError() | MemoryError():
            return StartFailedError(pb.START_FAILURE_RESOURCES, error.strerror or str(error))
    if error.strerror == os.strerror(8):
        return StartFailedError(pb.START_FAILURE_NOT_EXECUTABLE, f"{program!r} isn't a program this machine can run")
    resources = {os.strerror(number) for number in (7, 11, 12, 23, 24)}
    failure = pb.START_FAILURE_RESOURCES if error.strerror in resources else pb.START_FAILURE_OTHER
    return StartFailedError(failure, error.strerror or str(error))


def _close(descriptors: list[int]) -> None:
    for descriptor in descriptors:
        os.close(descriptor)
