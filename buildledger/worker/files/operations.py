"""File operations of source steps, done in a thread, contained in the build directory."""

import errno
import os
import shutil
import stat
import tempfile
import threading
from collections.abc import Callable, Iterator
from types import TracebackType

from buildledger.grpc_protos.worker.v1 import worker_pb2 as pb
from buildledger.worker.files.listing import StoppedError, glob_paths, relative, stat_path
from buildledger.worker.files.paths import PathEscapesError, resolve, resolve_links

MOST_CONTENT_BYTES = 128 << 10

_ERROR_CODES = {
    errno.ENOENT: pb.FILE_ERROR_CODE_NOT_FOUND,
    errno.EEXIST: pb.FILE_ERROR_CODE_EXISTS,
    errno.ENOTEMPTY: pb.FILE_ERROR_CODE_EXISTS,
    errno.ENOTDIR: pb.FILE_ERROR_CODE_NOT_A_DIRECTORY,
    errno.EISDIR: pb.FILE_ERROR_CODE_IS_A_DIRECTORY,
    errno.EACCES: pb.FILE_ERROR_CODE_PERMISSION_DENIED,
    errno.EPERM: pb.FILE_ERROR_CODE_PERMISSION_DENIED,
    errno.ENOSPC: pb.FILE_ERROR_CODE_NO_SPACE,
    errno.EDQUOT: pb.FILE_ERROR_CODE_NO_SPACE,
}


def perform(root: bytes, spec: pb.RunSpec, stopped: threading.Event) -> Iterator[pb.FileResult]:
    """Do the file operation of `spec` below `root` and yield its results; an error is the last of them.

    Raises:
        StoppedError: `stopped` was set meanwhile.
    """
    try:
        match spec.WhichOneof("operation"):
            case "make_directory":
                yield _make_directory(root, spec.make_directory)
            case "remove":
                yield _remove(root, spec.remove, stopped)
            case "copy":
                yield _copy(root, spec.copy, stopped)
            case "stat":
                yield stat_path(root, spec.stat)
            case "glob":
                yield glob_paths(root, spec.glob, stopped)
            case "write_file":
                yield _write_file(root, spec.write_file)
            case "read_file":
                yield _read_file(root, spec.read_file)
    except (OSError, PathEscapesError, shutil.Error) as error:
        yield pb.FileResult(error=file_error(root, error))


def file_error(root: bytes, error: Exception) -> pb.FileError:
    """An error as the protocol says it, with the path relative to the build directory."""
    if isinstance(error, PathEscapesError):
        return pb.FileError(code=pb.FILE_ERROR_CODE_PATH_ESCAPES, path=error.path, message=str(error))
    if isinstance(error, shutil.Error):
        # Several files failed in a copy; the first stands for all.
        source, _, message = error.args[0][0]
        return pb.FileError(code=pb.FILE_ERROR_CODE_IO, path=relative(root, os.fsencode(source)), message=str(message))
    if not isinstance(error, OSError):
        return pb.FileError(code=pb.FILE_ERROR_CODE_IO, message=str(error))
    path = error.filename if isinstance(error.filename, (bytes, str)) else b""
    return pb.FileError(
        code=_ERROR_CODES.get(error.errno or 0, pb.FILE_ERROR_CODE_IO),
        path=relative(root, os.fsencode(path)),
        message=error.strerror or str(error),
    )


def replace_file(directory: bytes, target: bytes, mode: int, fill: Callable[[int], None]) -> None:
    """Have `fill` write a new file in `directory`, then give it its mode and its name in one step.

    Raises:
        OSError: nothing is left behind.
    """
    descriptor, temporary = tempfile.mkstemp(prefix=b".buildledger-", dir=directory)
    try:
        try:
            fill(descriptor)
            os.fchmod(descriptor, mode)
        finally:
            os.close(descriptor)
        os.replace(temporary, target)
    except BaseException:
        os.unlink(temporary)
        raise


def write_all(descriptor: int, data: bytes) -> None:
    """Write all of `data`."""
    while data:
        data = data[os.write(descriptor, data) :]


def _make_directory(root: bytes, operation: pb.MakeDirectory) -> pb.FileResult:
    path = resolve_links(root, operation.path)
    existed = os.path.isdir(path)
    os.makedirs(path, exist_ok=True)
    return pb.FileResult(changed=not existed)


def _remove(root: bytes, operation: pb.Remove, stopped: threading.Event) -> pb.FileResult:
    path = resolve(root, operation.path)
    try:
        status = os.lstat(path)
    except (FileNotFoundError, NotADirectoryError):
        return pb.FileResult(changed=False)
    if not stat.S_ISDIR(status.st_mode):
        os.unlink(path)
        return pb.FileResult(changed=True)

    def retry(
        _function: Callable[..., object],
        name: str | bytes,
        info: tuple[type[BaseException], BaseException, TracebackType],
    ) -> None:
        """Directories that a build made read-only are removed all the same."""
        if stopped.is_set():
            raise StoppedError
        if isinstance(info[1], FileNotFoundError):
            return
        if not isinstance(info[1], PermissionError):
            raise info[1]
        _remove_locked(path, os.fsencode(name))

    shutil.rmtree(path, onerror=retry)
    return pb.FileResult(changed=True)


def _remove_locked(top: bytes, path: bytes) -> None:
    """Remove what the permissions of directories protect; `top` is the tree that goes."""
    for locked in (os.path.dirname(path), path):
        if locked.startswith(top) and os.path.isdir(locked) and not os.path.islink(locked):
            os.chmod(locked, stat.S_IRWXU)
    if os.path.isdir(path) and not os.path.islink(path):
        shutil.rmtree(path)
    else:
        os.unlink(path)


def _copy(root: bytes, operation: pb.Copy, stopped: threading.Event) -> pb.FileResult:
    source, target = resolve(root, operation.source), resolve(root, operation.destination)
    if root in (source, target) or os.path.commonpath((source, target)) in (source, target):
        raise OSError(errno.EINVAL, "source and destination contain each other", operation.destination)
    os.lstat(source)

    def copy(each: str, to: str) -> str:
        if stopped.is_set():
            raise StoppedError
        return shutil.copy2(each, to, follow_symlinks=False)

    os.makedirs(os.path.dirname(target), exist_ok=True)
    if os.path.lexists(target):
        _remove(root, pb.Remove(path=operation.destination), stopped)
    if os.path.isdir(source) and not os.path.islink(source):
        shutil.copytree(os.fsdecode(source), os.fsdecode(target), symlinks=True, copy_function=copy)
    else:
        copy(os.fsdecode(source), os.fsdecode(target))
    return pb.FileResult(changed=True)


def _write_file(root: bytes, operation: pb.WriteFile) -> pb.FileResult:
    if len(operation.content) > MOST_CONTENT_BYTES:
        return pb.FileResult(
            error=pb.FileError(
                code=pb.FILE_ERROR_CODE_TOO_LARGE,
                path=operation.path,
                message=f"more than {MOST_CONTENT_BYTES} bytes have to go through a blob",
            )
        )
    target = resolve(root, operation.path)
    if operation.make_parents:
        os.makedirs(os.path.dirname(target), exist_ok=True)
    mode = operation.mode & 0o777 or 0o644
    replace_file(os.path.dirname(target), target, mode, lambda descriptor: write_all(descriptor, operation.content))
    return pb.FileResult(changed=True)


def _read_file(root: bytes, operation: pb.ReadFile) -> pb.FileResult:
    path = resolve_links(root, operation.path)
    limit = min(operation.limit or MOST_CONTENT_BYTES, MOST_CONTENT_BYTES)
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise OSError(errno.EISDIR, "not a regular file", path)
        content = os.pread(descriptor, limit + 1, operation.offset)
    finally:
        os.close(descriptor)
    return pb.FileResult(content=content[:limit], truncated=len(content) > limit)
