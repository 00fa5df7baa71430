"""Describes files of a build directory and matches patterns."""

import fnmatch
import hashlib
import os
import stat
import threading
from collections.abc import Iterator

from google.protobuf.timestamp_pb2 import Timestamp

from buildledger.grpc_protos.worker.v1 import worker_pb2 as pb
from buildledger.worker.files.paths import PathEscapesError, open_file, resolve

MOST_ENTRIES = 10_000
_HASH_READ_BYTES = 1 << 20


class StoppedError(Exception):
    """The operation was told to end before it was through."""


def stat_path(root: bytes, operation: pb.Stat) -> pb.FileResult:
    """The entry of one path, or none if there is nothing.

    Raises:
        OSError: it can't be looked at.
        PathEscapesError: it isn't in `root`.
    """
    path = resolve(root, operation.path)
    try:
        return pb.FileResult(entries=[describe(root, path, with_digest=operation.sha256)])
    except (FileNotFoundError, NotADirectoryError):
        return pb.FileResult()


def glob_paths(root: bytes, operation: pb.Glob, stopped: threading.Event) -> pb.FileResult:
    """The entries that match.

    Raises:
        OSError: something can't be looked at.
        PathEscapesError: a pattern leads out of `root`.
        StoppedError: `stopped` was set meanwhile.
    """
    limit = min(operation.limit or MOST_ENTRIES, MOST_ENTRIES)
    found: set[bytes] = set()
    truncated = False
    for pattern in operation.patterns:
        for path in matching(root, pattern, stopped):
            if path not in found and len(found) == limit:
                truncated = True
                break
            found.add(path)
    return pb.FileResult(entries=[describe(root, path) for path in sorted(found)], truncated=truncated)


def describe(root: bytes, path: bytes, *, with_digest: bool = False) -> pb.FileEntry:
    """The entry of an absolute path, links not followed.

    Raises:
        OSError: there is nothing, or it can't be looked at.
    """
    status = os.lstat(path)
    entry = pb.FileEntry(path=relative(root, path), mode=stat.S_IMODE(status.st_mode))
    entry.modified_at.CopyFrom(
        Timestamp(seconds=status.st_mtime_ns // 1_000_000_000, nanos=status.st_mtime_ns % 1_000_000_000)
    )
    if stat.S_ISREG(status.st_mode):
        entry.type = pb.FILE_TYPE_REGULAR
        entry.size = status.st_size
        if with_digest:
            entry.sha256 = digest(root, entry.path, threading.Event())
    elif stat.S_ISDIR(status.st_mode):
        entry.type = pb.FILE_TYPE_DIRECTORY
    elif stat.S_ISLNK(status.st_mode):
        entry.type = pb.FILE_TYPE_SYMLINK
        entry.link_target = os.readlink(path)
    else:
        entry.type = pb.FILE_TYPE_OTHER
    return entry


def digest(root: bytes, path: bytes, stopped: threading.Event) -> bytes:
    """SHA-256 of the content of a file of `root`.

    Raises:
        OSError: it can't be read, or is a link by now.
        PathEscapesError: by now it isn't in `root`.
        StoppedError: `stopped` was set meanwhile.
    """
    summed = hashlib.sha256()
    with open_file(root, path) as file:
        while data := file.read(_HASH_READ_BYTES):
            if stopped.is_set():
                raise StoppedError
            summed.update(data)
    return summed.digest()


def matching(root: bytes, pattern: bytes, stopped: threading.Event) -> Iterator[bytes]:
    """Absolute paths below `root` that match, in order of their bytes; directories behind links aren't entered.

    Raises:
        OSError: a directory can't be read, so that what matches isn't known.
        PathEscapesError: the pattern leads out of `root`.
        StoppedError: `stopped` was set meanwhile.
    """
    if pattern.startswith(b"/") or b".." in pattern.split(b"/"):
        raise PathEscapesError(pattern)
    yield from _walk(root, [part for part in pattern.split(b"/") if part not in (b"", b".")], stopped)


def relative(root: bytes, path: bytes) -> bytes:
    """`path` as the protocol names it, relative to `root` where it lies in it."""
    if path == root:
        return b"."
    return path[len(root) + 1 :] if path.startswith(root + b"/") else path


def _walk(directory: bytes, parts: list[bytes], stopped: threading.Event) -> Iterator[bytes]:
    if stopped.is_set():
        raise StoppedError
    if not parts:
        return
    first, rest = parts[0], parts[1:]
    try:
        with os.scandir(directory) as entries:
            found = sorted(entries, key=lambda entry: entry.name)
    except (NotADirectoryError, FileNotFoundError):
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
