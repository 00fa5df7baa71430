"""File operations of source steps, done in a thread, contained in the build directory."""

import errno
import os
import stat
import threading
from collections.abc import Iterator
from contextlib import ExitStack

from buildledger.grpc_protos.worker.v1 import worker_pb2 as pb
from buildledger.worker.files.contained import OpenDirectory, Place, opened, opened_above
from buildledger.worker.files.listing import check_pattern, glob_paths, stat_path
from buildledger.worker.files.paths import BuildDirectory, PathEscapesError, parts_of
from buildledger.worker.files.replacing import replacing, write_all
from buildledger.worker.files.trees import copy_tree, remove_tree

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


def perform(directory: BuildDirectory, spec: pb.RunSpec, stopped: threading.Event) -> Iterator[pb.FileResult]:
    """Do the file operation of `spec` and yield its results; an error is the last of them.

    The directory is made for an operation that changes something there.

    Raises:
        StoppedError: `stopped` was set meanwhile.
    """
    try:
        match spec.WhichOneof("operation"):
            case "remove":
                yield _remove(directory, spec.remove, stopped)
            case "stat" | "glob" | "read_file" as operation:
                yield _look(directory, operation, spec, stopped)
            case operation:
                with opened(directory, make=True) as tree:
                    yield _change(tree, operation, spec, stopped)
    except (OSError, PathEscapesError) as error:
        yield pb.FileResult(error=file_error(directory.path, error))


def file_error(root: bytes, error: Exception) -> pb.FileError:
    """An error as the protocol says it, with the path relative to the build directory."""
    if isinstance(error, PathEscapesError):
        return pb.FileError(code=pb.FILE_ERROR_CODE_PATH_ESCAPES, path=error.path, message=str(error))
    if not isinstance(error, OSError):
        return pb.FileError(code=pb.FILE_ERROR_CODE_IO, message=str(error))
    path = error.filename if isinstance(error.filename, (bytes, str)) else b""
    return pb.FileError(
        code=_ERROR_CODES.get(error.errno or 0, pb.FILE_ERROR_CODE_IO),
        path=_relative(root, os.fsencode(path)),
        message=error.strerror or str(error),
    )


def _look(directory: BuildDirectory, operation: str, spec: pb.RunSpec, stopped: threading.Event) -> pb.FileResult:
    """Do an operation that changes nothing; what doesn't exist is no error unless it is to be read."""
    for path in spec.stat.path, spec.read_file.path:
        parts_of(path)
    for pattern in spec.glob.patterns:
        check_pattern(pattern)
    try:
        with opened(directory) as tree:
            if operation == "stat":
                return stat_path(tree, spec.stat)
            if operation == "glob":
                return glob_paths(tree, spec.glob, stopped)
            return _read_file(tree, spec.read_file)
    except FileNotFoundError:
        if operation == "read_file":
            raise
        return pb.FileResult()


def _change(tree: OpenDirectory, operation: str | None, spec: pb.RunSpec, stopped: threading.Event) -> pb.FileResult:
    if operation == "make_directory":
        return _make_directory(tree, spec.make_directory)
    if operation == "copy":
        return _copy(tree, spec.copy, stopped)
    assert operation == "write_file"
    return _write_file(tree, spec.write_file)


def _make_directory(tree: OpenDirectory, operation: pb.MakeDirectory) -> pb.FileResult:
    if not parts_of(operation.path):
        return pb.FileResult(changed=False)
    with tree.place(operation.path, make_parents=True, follow=True) as place:
        try:
            os.mkdir(place.name, dir_fd=place.descriptor)
        except FileExistsError:
            if not stat.S_ISDIR(os.lstat(place.name, dir_fd=place.descriptor).st_mode):
                raise
            return pb.FileResult(changed=False)
    return pb.FileResult(changed=True)


def _remove(directory: BuildDirectory, operation: pb.Remove, stopped: threading.Event) -> pb.FileResult:
    with ExitStack() as held:
        try:
            if parts_of(operation.path):
                place = held.enter_context(held.enter_context(opened(directory)).place(operation.path))
            else:
                above = held.enter_context(opened_above(directory))
                place = Place(above, directory.names[-1], b".")
            os.lstat(place.name, dir_fd=place.descriptor)
        except (FileNotFoundError, NotADirectoryError):
            return pb.FileResult(changed=False)
        remove_tree(place, stopped)
    return pb.FileResult(changed=True)


def _copy(tree: OpenDirectory, operation: pb.Copy, stopped: threading.Event) -> pb.FileResult:
    contain = OSError(errno.EINVAL, "source and destination contain each other", operation.destination)
    if not parts_of(operation.source) or not parts_of(operation.destination):
        raise contain
    with tree.place(operation.source) as source:
        os.lstat(source.name, dir_fd=source.descriptor)
        with tree.place(operation.destination, make_parents=True) as target:
            one, other = source.path + b"/", target.path + b"/"
            if one.startswith(other) or other.startswith(one):
                raise contain
            remove_tree(target, stopped)
            copy_tree(source, target, stopped)
    return pb.FileResult(changed=True)


def _write_file(tree: OpenDirectory, operation: pb.WriteFile) -> pb.FileResult:
    if len(operation.content) > MOST_CONTENT_BYTES:
        return pb.FileResult(
            error=pb.FileError(
                code=pb.FILE_ERROR_CODE_TOO_LARGE,
                path=operation.path,
                message=f"more than {MOST_CONTENT_BYTES} bytes have to go through a blob",
            )
        )
    mode = operation.mode & 0o777 or 0o644
    with tree.place(operation.path, make_parents=operation.make_parents) as place, replacing(place, mode) as descriptor:
        write_all(descriptor, operation.content)
    return pb.FileResult(changed=True)


def _read_file(tree: OpenDirectory, operation: pb.ReadFile) -> pb.FileResult:
    limit = min(operation.limit or MOST_CONTENT_BYTES, MOST_CONTENT_BYTES)
    with tree.open_file(operation.path, follow=True) as file:
        if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
            raise OSError(errno.EISDIR, "not a regular file", operation.path)
        content = os.pread(file.fileno(), limit + 1, operation.offset)
    return pb.FileResult(content=content[:limit], truncated=len(content) > limit)


def _relative(root: bytes, path: bytes) -> bytes:
    """`path` as the protocol names it, relative to `root` where it lies in it."""
    if path == root:
        return b"."
    return path[len(root) + 1 :] if path.startswith(root + b"/") else path
