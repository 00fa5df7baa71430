"""File operations of source steps, done in a thread, contained in the build directory."""

import errno
import fnmatch
import hashlib
import os
import shutil
import stat
import tempfile
import threading
from collections.abc import Callable, Iterator
from types import TracebackType

from google.protobuf.timestamp_pb2 import Timestamp

from buildledger.grpc_protos.worker.v1 import worker_pb2 as pb
from buildledger.slave_grpc.agent.containment import PathEscapesError, inside, inside_followed

MOST_ENTRIES = 10_000
MOST_CONTENT_BYTES = 128 << 10
_ENTRIES_PER_RESULT = 500
_HASH_READ_BYTES = 1 << 20

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


class StoppedError(Exception):
    """The operation was told to end before it was through."""


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
                yield _stat(root, spec.stat)
            case "glob":
                yield from _glob(root, spec.glob, stopped)
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
        return pb.FileError(code=pb.FILE_ERROR_CODE_IO, path=_relative(root, os.fsencode(source)), message=str(message))
    if not isinstance(error, OSError):
        return pb.FileError(code=pb.FILE_ERROR_CODE_IO, message=str(error))
    path = error.filename if isinstance(error.filename, (bytes, str)) else b""
    return pb.FileError(
        code=_ERROR_CODES.get(error.errno or 0, pb.FILE_ERROR_CODE_IO),
        path=_relative(root, os.fsencode(path)),
        message=error.strerror or str(error),
    )


def describe(root: bytes, path: bytes, *, with_digest: bool = False) -> pb.FileEntry:
    """What there is at an absolute path, links not followed.

    Raises:
        OSError: there is nothing, or it can't be looked at.
    """
    status = os.lstat(path)
    entry = pb.FileEntry(path=_relative(root, path), mode=stat.S_IMODE(status.st_mode))
    entry.modified_at.CopyFrom(
        Timestamp(seconds=status.st_mtime_ns // 1_000_000_000, nanos=status.st_mtime_ns % 1_000_000_000)
    )
    if stat.S_ISREG(status.st_mode):
        entry.type = pb.FILE_TYPE_REGULAR
        entry.size = status.st_size
        if with_digest:
            entry.sha256 = digest(path)
    elif stat.S_ISDIR(status.st_mode):
        entry.type = pb.FILE_TYPE_DIRECTORY
    elif stat.S_ISLNK(status.st_mode):
        entry.type = pb.FILE_TYPE_SYMLINK
        entry.link_target = os.readlink(path)
    else:
        entry.type = pb.FILE_TYPE_OTHER
    return entry


def digest(path: bytes) -> bytes:
    """SHA-256 of a file's content."""
    summed = hashlib.sha256()
    with open(path, "rb", buffering=0) as file:
        while data := file.read(_HASH_READ_BYTES):
            summed.update(data)
    return summed.digest()


def matching(root: bytes, pattern: bytes, stopped: threading.Event) -> Iterator[bytes]:
    """Absolute paths below `root` that match, in order of their bytes; directories behind links aren't entered.

    Raises:
        PathEscapesError: the pattern leads out of `root`.
        StoppedError: `stopped` was set meanwhile.
    """
    if pattern.startswith(b"/") or b".." in pattern.split(b"/"):
        raise PathEscapesError(pattern)
    yield from _walk(root, [part for part in pattern.split(b"/") if part not in (b"", b".")], stopped)


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


def _walk(directory: bytes, parts: list[bytes], stopped: threading.Event) -> Iterator[bytes]:
    if stopped.is_set():
        raise StoppedError
    if not parts:
        return
    first, rest = parts[0], parts[1:]
    try:
        with os.scandir(directory) as entries:
            found = sorted(entries, key=lambda entry: entry.name)
    except (NotADirectoryError, FileNotFoundError, PermissionError):
        return
    if first == b"**":
        # Nothing in between, then one level deeper each.
        yield from _walk(directory, rest, stopped) if rest else (entry.path for entry in found)
        for entry in found:
            if entry.is_dir(follow_symlinks=False):
                yield from _walk(entry.path, parts, stopped)
        return
    for entry in found:
        if fnmatch.fnmatchcase(os.fsdecode(entry.name), os.fsdecode(first)):
            if not rest:
                yield entry.path
            elif entry.is_dir(follow_symlinks=False):
                yield from _walk(entry.path, rest, stopped)


def _make_directory(root: bytes, operation: pb.MakeDirectory) -> pb.FileResult:
    path = inside_followed(root, operation.path)
    existed = os.path.isdir(path)
    os.makedirs(path, exist_ok=True)
    return pb.FileResult(changed=not existed)


def _remove(root: bytes, operation: pb.Remove, stopped: threading.Event) -> pb.FileResult:
    path = inside(root, operation.path)
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
    source, target = inside(root, operation.source), inside(root, operation.destination)
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


def _stat(root: bytes, operation: pb.Stat) -> pb.FileResult:
    path = inside(root, operation.path)
    try:
        return pb.FileResult(entries=[describe(root, path, with_digest=operation.sha256)])
    except (FileNotFoundError, NotADirectoryError):
        return pb.FileResult()


def _glob(root: bytes, operation: pb.Glob, stopped: threading.Event) -> Iterator[pb.FileResult]:
    limit = min(operation.limit or MOST_ENTRIES, MOST_ENTRIES)
    found: set[bytes] = set()
    truncated = False
    for pattern in operation.patterns:
        for path in matching(root, pattern, stopped):
            if path not in found and len(found) == limit:
                truncated = True
                break
            found.add(path)
    paths = sorted(found)
    for start in range(0, max(1, len(paths)), _ENTRIES_PER_RESULT):
        page = paths[start : start + _ENTRIES_PER_RESULT]
        yield pb.FileResult(
            entries=[describe(root, path) for path in page],
            truncated=truncated and start + _ENTRIES_PER_RESULT >= len(paths),
        )


def _write_file(root: bytes, operation: pb.WriteFile) -> pb.FileResult:
    if len(operation.content) > MOST_CONTENT_BYTES:
        return pb.FileResult(
            error=pb.FileError(
                code=pb.FILE_ERROR_CODE_TOO_LARGE,
                path=operation.path,
                message=f"more than {MOST_CONTENT_BYTES} bytes have to go through a blob",
            )
        )
    target = inside(root, operation.path)
    if operation.make_parents:
        os.makedirs(os.path.dirname(target), exist_ok=True)
    mode = stat.S_IMODE(operation.mode) or 0o644
    replace_file(os.path.dirname(target), target, mode, lambda descriptor: write_all(descriptor, operation.content))
    return pb.FileResult(changed=True)


def _read_file(root: bytes, operation: pb.ReadFile) -> pb.FileResult:
    path = inside_followed(root, operation.path)
    limit = min(operation.limit or MOST_CONTENT_BYTES, MOST_CONTENT_BYTES)
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise OSError(errno.EISDIR, "not a regular file", path)
        content = os.pread(descriptor, limit + 1, operation.offset)
    finally:
        os.close(descriptor)
    return pb.FileResult(content=content[:limit], truncated=len(content) > limit)


def _relative(root: bytes, path: bytes) -> bytes:
    if path == root:
        return b"."
    return path[len(root) + 1 :] if path.startswith(root + b"/") else path
