"""Copies and removes files, links and whole directories, each step by the descriptor of the directory that it is in."""

import errno
import os
import stat
import threading
from dataclasses import dataclass

from buildledger.worker.files.contained import Place, named, open_listed
from buildledger.worker.files.replacing import write_all

_COPY_BYTES = 1 << 20
_OWNER_MAY_ALL = stat.S_IRWXU
_NO_LINKS = os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC


class StoppedError(Exception):
    """The operation was told to end before it was through."""


def remove_tree(place: Place, stopped: threading.Event) -> None:
    """Remove a file, a link, or a directory with all in it, also what is read-only; nothing there is no error.

    Raises:
        OSError: something can't be removed; it is named.
        StoppedError: `stopped` was set meanwhile.
    """
    levels: list[_Level] = []
    next_one: Place | None = place
    try:
        while next_one is not None or levels:
            if stopped.is_set():
                raise StoppedError
            if next_one is not None:
                with named(next_one.path, next_one.name):
                    level = _removed_or_entered(next_one)
                if level is not None:
                    levels.append(level)
            elif not levels[-1].names:
                _remove_emptied(levels.pop())
            next_one = levels[-1].next() if levels else None
    finally:
        for level in levels:
            level.close()


def copy_tree(source: Place, target: Place, stopped: threading.Event) -> None:
    """Copy a file, a link or a directory with all in it to where nothing is; permissions and times are kept.

    Raises:
        OSError: something can't be copied; it is named.
        StoppedError: `stopped` was set meanwhile.
    """
    levels: list[tuple[_Level, _Level]] = []
    pair: tuple[Place, Place] | None = (source, target)
    try:
        while pair is not None or levels:
            if stopped.is_set():
                raise StoppedError
            if pair is not None:
                with named(pair[0].path, pair[0].name):
                    entered = _copied_or_entered(*pair, stopped)
                if entered is not None:
                    levels.append(entered)
            elif not levels[-1][0].names:
                _finish_copied(*levels.pop())
            below = levels[-1][0].next() if levels else None
            pair = None if below is None else (below, levels[-1][1].inner(below.name))
    finally:
        for level, copied in levels:
            level.close()
            copied.close()


@dataclass(frozen=True, slots=True)
class _Level:
    """A directory that is being gone through: open, with the names in it that are left."""

    place: Place
    descriptor: int
    names: list[bytes]

    @classmethod
    def entered(cls, place: Place) -> "_Level":
        descriptor = open_listed(place.name, place.descriptor)
        try:
            return cls(place, descriptor, sorted(map(os.fsencode, os.listdir(descriptor)), reverse=True))
        except BaseException:
            os.close(descriptor)
            raise

    def next(self) -> Place | None:
        return self.inner(self.names.pop()) if self.names else None

    def inner(self, name: bytes) -> Place:
        return Place(self.descriptor, name, self.place.path + b"/" + name)

    def close(self) -> None:
        os.close(self.descriptor)


def _removed_or_entered(place: Place) -> _Level | None:
    """Remove a file or a link; a directory is entered."""
    try:
        mode = os.lstat(place.name, dir_fd=place.descriptor).st_mode
        if not stat.S_ISDIR(mode):
            os.unlink(place.name, dir_fd=place.descriptor)
            return None
        if mode & _OWNER_MAY_ALL != _OWNER_MAY_ALL:
            _make_accessible(place)
        return _Level.entered(place)
    except FileNotFoundError:
        return None


def _remove_emptied(level: _Level) -> None:
    level.close()
    with named(level.place.path, level.place.name):
        try:
            os.rmdir(level.place.name, dir_fd=level.place.descriptor)
        except FileNotFoundError:
            return


def _copied_or_entered(source: Place, target: Place, stopped: threading.Event) -> tuple[_Level, _Level] | None:
    """Copy a file or a link; a directory is made, and both are entered."""
    status = os.lstat(source.name, dir_fd=source.descriptor)
    if stat.S_ISLNK(status.st_mode):
        points_to = os.readlink(source.name, dir_fd=source.descriptor)
        os.symlink(points_to, target.name, dir_fd=target.descriptor)
        os.utime(target.name, ns=_times(status), dir_fd=target.descriptor, follow_symlinks=False)
    elif stat.S_ISDIR(status.st_mode):
        level = _Level.entered(source)
        try:
            os.mkdir(target.name, 0o700, dir_fd=target.descriptor)
            return level, _Level.entered(target)
        except BaseException:
            level.close()
            raise
    else:
        _copy_file(source, target, stopped)
    return None


def _finish_copied(level: _Level, copied: _Level) -> None:
    """Give the copy of a directory what the directory has; not before its content is there."""
    try:
        status = os.fstat(level.descriptor)
        os.fchmod(copied.descriptor, stat.S_IMODE(status.st_mode))
        os.utime(copied.descriptor, ns=_times(status))
    finally:
        level.close()
        copied.close()


def _copy_file(source: Place, target: Place, stopped: threading.Event) -> None:
    reading = os.open(source.name, os.O_RDONLY | _NO_LINKS, dir_fd=source.descriptor)
    try:
        status = os.fstat(reading)
        if not stat.S_ISREG(status.st_mode):
            raise OSError(errno.EINVAL, "neither a file, a directory nor a link", source.name)
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | _NO_LINKS
        writing = os.open(target.name, flags, 0o600, dir_fd=target.descriptor)
        try:
            while data := os.read(reading, _COPY_BYTES):
                if stopped.is_set():
                    raise StoppedError
                write_all(writing, data)
            os.fchmod(writing, stat.S_IMODE(status.st_mode))
            os.utime(writing, ns=_times(status))
        finally:
            os.close(writing)
    finally:
        os.close(reading)


def _make_accessible(place: Place) -> None:
    """Give the owner all rights to a directory; if that isn't allowed, what follows fails with the reason."""
    try:
        if os.chmod in os.supports_follow_symlinks:
            os.chmod(place.name, _OWNER_MAY_ALL, dir_fd=place.descriptor, follow_symlinks=False)
            return
        # Linux has no such call in Python: by the name that a descriptor has, which can't be swapped.
        flags = os.O_PATH | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
        descriptor = os.open(place.name, flags, dir_fd=place.descriptor)
        try:
            os.chmod(f"/proc/self/fd/{descriptor}", _OWNER_MAY_ALL)
        finally:
            os.close(descriptor)
    except PermissionError:
        return


def _times(status: os.stat_result) -> tuple[int, int]:
    return status.st_atime_ns, status.st_mtime_ns
