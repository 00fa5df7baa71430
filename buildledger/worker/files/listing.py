"""Describes files of a build directory and matches patterns."""

import errno
import fnmatch
import hashlib
import os
import stat
import threading
from collections.abc import Iterator

from google.protobuf.timestamp_pb2 import Timestamp

from buildledger.grpc_protos.worker.v1 import worker_pb2 as pb
from buildledger.worker.files.contained import OpenDirectory, named, open_listed
from buildledger.worker.files.paths import PathEscapesError, parts_of, plain_parts
from buildledger.worker.files.trees import StoppedError

MOST_ENTRIES = 10_000
_HASH_READ_BYTES = 1 << 20


def stat_path(tree: OpenDirectory, operation: pb.Stat) -> pb.FileResult:
    """The entry of one path, or none if there is nothing.

    Raises:
        OSError: it can't be looked at.
        PathEscapesError: it isn't in the build directory.
    """
    try:
        return pb.FileResult(entries=[describe(tree, operation.path, with_digest=operation.sha256)])
    except (FileNotFoundError, NotADirectoryError):
        return pb.FileResult()


def glob_paths(tree: OpenDirectory, operation: pb.Glob, stopped: threading.Event) -> pb.FileResult:
    """The entries that match.

    Raises:
        OSError: something can't be looked at.
        PathEscapesError: a pattern leads out of the build directory.
        StoppedError: `stopped` was set meanwhile.
    """
    limit = min(operation.limit or MOST_ENTRIES, MOST_ENTRIES)
    found: set[bytes] = set()
    truncated = False
    for pattern in operation.patterns:
        for path in matching(tree, pattern, stopped):
            if path not in found and len(found) == limit:
                truncated = True
                break
            found.add(path)
    return pb.FileResult(entries=[describe(tree, path) for path in sorted(found)], truncated=truncated)


def describe(tree: OpenDirectory, path: bytes, *, with_digest: bool = False) -> pb.FileEntry:
    """The entry of a path, a link not followed.

    Raises:
        OSError: there is nothing, or it can't be looked at.
        PathEscapesError: it isn't in the build directory.
    """
    if not parts_of(path):
        return _entry(b".", os.stat(tree.descriptor))
    with tree.place(path) as place:
        status = os.lstat(place.name, dir_fd=place.descriptor)
        entry = _entry(place.path, status)
        if stat.S_ISLNK(status.st_mode):
            entry.link_target = os.readlink(place.name, dir_fd=place.descriptor)
    if with_digest and stat.S_ISREG(status.st_mode):
        entry.sha256 = digest(tree, path, threading.Event())
    return entry


def digest(tree: OpenDirectory, path: bytes, stopped: threading.Event) -> bytes:
    """SHA-256 of the content of a file.

    Raises:
        OSError: it can't be read, or is a link by now.
        PathEscapesError: by now it isn't in the build directory.
        StoppedError: `stopped` was set meanwhile.
    """
    summed = hashlib.sha256()
    with tree.open_file(path) as file:
        while data := file.read(_HASH_READ_BYTES):
            if stopped.is_set():
                raise StoppedError
            summed.update(data)
    return summed.digest()


def matching(tree: OpenDirectory, pattern: bytes, stopped: threading.Event) -> Iterator[bytes]:
    """Paths that match, in order of their bytes; directories behind links aren't entered.

    Raises:
        OSError: a directory can't be read, so that what matches isn't known.
        PathEscapesError: the pattern leads out of the build directory.
        StoppedError: `stopped` was set meanwhile.
    """
    check_pattern(pattern)
    yield from _matching(tree.descriptor, b".", b"", plain_parts(pattern), stopped)


def check_pattern(pattern: bytes) -> None:
    """Raises PathEscapesError if a pattern leads out of the build directory."""
    if pattern.startswith(b"/") or b".." in pattern.split(b"/"):
        raise PathEscapesError(pattern)


def _matching(above: int, name: bytes, path: bytes, parts: list[bytes], stopped: threading.Event) -> Iterator[bytes]:
    """What matches in the directory `name` of another one; `path` is its own, with a slash at its end."""
    if stopped.is_set():
        raise StoppedError
    if not parts:
        return
    first, rest = parts[0], parts[1:]
    try:
        with named(path.rstrip(b"/") or b".", name):
            directory = open_listed(name, above)
    except (NotADirectoryError, FileNotFoundError):
        return
    except OSError as error:
        if error.errno == errno.ELOOP:
            return
        raise
    try:
        with os.scandir(directory) as entries:
            found = sorted((os.fsencode(entry.name), entry.is_dir(follow_symlinks=False)) for entry in entries)
        if first == b"**":
            # Nothing in between, then one level deeper each.
            yield from _matching(directory, b".", path, rest, stopped) if rest else (path + each for each, _ in found)
            rest = parts
        for each, is_directory in found:
            if first != b"**" and not fnmatch.fnmatchcase(os.fsdecode(each), os.fsdecode(first)):
                continue
            if rest and is_directory:
                yield from _matching(directory, each, path + each + b"/", rest, stopped)
            elif not rest:
                yield path + each
    finally:
        os.close(directory)


def _entry(path: bytes, status: os.stat_result) -> pb.FileEntry:
    seconds, nanos = divmod(status.st_mtime_ns, 1_000_000_000)
    entry = pb.FileEntry(path=path, mode=stat.S_IMODE(status.st_mode))
    entry.modified_at.CopyFrom(Timestamp(seconds=seconds, nanos=nanos))
    if stat.S_ISREG(status.st_mode):
        entry.type = pb.FILE_TYPE_REGULAR
        entry.size = status.st_size
    elif stat.S_ISDIR(status.st_mode):
        entry.type = pb.FILE_TYPE_DIRECTORY
    elif stat.S_ISLNK(status.st_mode):
        entry.type = pb.FILE_TYPE_SYMLINK
    else:
        entry.type = pb.FILE_TYPE_OTHER
    return entry
