"""Opens what lies in a build directory so that no link leads out of it, whoever swaps what for a link meanwhile.

Every path is walked name by name from a directory that is held open, each step by the descriptor of the one before and
without following links: what was opened did lie there, as a directory, when it was opened. A link on the way is read,
not followed by the system; where it leads to is walked from the top again, and refused if that isn't in the build
directory.
"""

import errno
import os
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import BinaryIO

from buildledger.worker.files.paths import BuildDirectory, PathEscapesError, names_below, parts_of, plain_parts

MOST_LINKS = 40
"""That one path may lead through, as in the kernel."""
_NOT_THROUGH_LINKS = os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
# To go through a directory one need not be allowed to list it.
_PASS = getattr(os, "O_PATH", os.O_RDONLY) | _NOT_THROUGH_LINKS
_LIST = os.O_RDONLY | _NOT_THROUGH_LINKS


@dataclass(frozen=True, slots=True)
class Place:
    """A name in a directory that is held open; what has the name, a link perhaps, isn't looked at."""

    descriptor: int
    name: bytes
    path: bytes
    """Relative to the build directory, links on the way to it resolved."""


class OpenDirectory:
    """A build directory that is held open, and the way to all that lies in it.

    Links work, relative and absolute, as long as they lead to something in the build directory.
    """

    def __init__(self, descriptor: int, path: bytes) -> None:
        self.descriptor = descriptor
        """Good for going on from, not for listing."""
        self.path = path
        """Its real path when it was opened."""

    @contextmanager
    def place(self, path: bytes, *, make_parents: bool = False, follow: bool = False) -> Iterator[Place]:
        """The place that a path of the protocol means; with `follow` that which a link there leads to.

        An `OSError` on the way, and one of the body about this place, names the path.

        Raises:
            PathEscapesError: it leads out.
            OSError: there is no such directory, or it is the build directory itself.
        """
        asked = parts_of(path)
        if not asked:
            raise _error(errno.EISDIR, path)
        descriptor, names = self._walk(asked, path, make=make_parents, to_last=True, follow=follow)
        try:
            if len(names) == 0:
                raise _error(errno.EISDIR, path)
            reached = Place(descriptor, names[-1], b"/".join(names))
            with named(reached.path, reached.name):
                yield reached
        finally:
            os.close(descriptor)

    @contextmanager
    def directory(self, path: bytes, *, make: bool = False) -> Iterator[tuple[int, bytes]]:
        """A directory, links resolved: a descriptor to go on from, and its real path.

        Raises:
            PathEscapesError: it leads out.
            OSError: there is no such directory.
        """
        descriptor, names = self._walk(parts_of(path), path, make=make)
        try:
            yield descriptor, os.path.join(self.path, *names)
        finally:
            os.close(descriptor)

    def open_file(self, path: bytes, *, follow: bool = False) -> BinaryIO:
        """Open a file for reading, unbuffered; its last name must not be a link unless `follow` is set.

        Raises:
            PathEscapesError: it leads out.
            OSError: it can't be read, or is a link.
        """
        with self.place(path, follow=follow) as place:
            # A named pipe must not keep the run waiting for a writer.
            flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
            return open(os.open(place.name, flags, dir_fd=place.descriptor), "rb", buffering=0)

    def _walk(
        self, parts: list[bytes], asked: bytes, *, make: bool, to_last: bool = False, follow: bool = False
    ) -> tuple[int, list[bytes]]:
        """A descriptor of the directory that `parts` lead to, and the names that really lead there.

        With `to_last` that of the directory that the last name is in, which is then the last of the names.
        """
        pending, reached, links = deque(parts), list[bytes](), 0
        descriptor = os.dup(self.descriptor)
        try:
            while pending:
                name = pending.popleft()
                target = None
                is_last = to_last and not pending and name != b".."
                if is_last and not follow:
                    return descriptor, [*reached, name]
                if is_last:
                    target = _link_target(name, descriptor)
                    if target is None:
                        return descriptor, [*reached, name]
                elif name != b"..":
                    try:
                        below = enter(name, descriptor, make=make)
                    except OSError as error:
                        target = _link_target(name, descriptor)
                        if target is None:
                            raise _renamed(error, b"/".join((*reached, name))) from None
                    else:
                        os.close(descriptor)
                        descriptor = below
                        reached.append(name)
                        continue
                if target is not None and (links := links + 1) > MOST_LINKS:
                    raise _error(errno.ELOOP, asked)
                # From the top again: what was passed may be something else by now.
                pending.extendleft(reversed(self._led_to(reached, target, asked)))
                reached = []
                os.close(descriptor)
                descriptor = -1
                descriptor = os.dup(self.descriptor)
        except BaseException:
            if descriptor >= 0:
                os.close(descriptor)
            raise
        return descriptor, reached

    def _led_to(self, reached: list[bytes], target: bytes | None, asked: bytes) -> list[bytes]:
        """The parts, from the top, that a link in the directory `reached` leads to; without one the directory above."""
        if target is None:
            if not reached:
                raise PathEscapesError(asked)
            return reached[:-1]
        if not target.startswith(b"/"):
            return [*reached, *plain_parts(target)]
        below = names_below(self.path, target)
        if below is None:
            # The same directory by another name, perhaps. Whatever comes of it is walked like any other path.
            below = names_below(self.path, os.path.realpath(target))
        if below is None:
            raise PathEscapesError(asked)
        return below


@contextmanager
def opened(directory: BuildDirectory, *, make: bool = False) -> Iterator[OpenDirectory]:
    """Hold a build directory open; with `make` it is made if it isn't there.

    Raises:
        PathEscapesError: it was replaced by a link.
        OSError: it can't be opened or made.
    """
    with opened_above(directory, make=make) as above:
        descriptor = _enter_real(directory.names[-1], above, directory, make=make)
        try:
            yield OpenDirectory(descriptor, directory.path)
        finally:
            os.close(descriptor)


@contextmanager
def opened_above(directory: BuildDirectory, *, make: bool = False) -> Iterator[int]:
    """Hold the directory open that a build directory lies in.

    Raises:
        PathEscapesError: a directory above it was replaced by a link.
        OSError: it can't be opened or made.
    """
    if make:
        os.makedirs(directory.work_dir, exist_ok=True)
    descriptor = os.open(directory.work_dir, _PASS & ~os.O_NOFOLLOW)
    try:
        for name in directory.names[:-1]:
            below = _enter_real(name, descriptor, directory, make=make)
            os.close(descriptor)
            descriptor = below
        yield descriptor
    finally:
        os.close(descriptor)


def enter(name: bytes, directory: int, *, make: bool = False) -> int:
    """A descriptor of a directory in another, to go on from; never of what a link leads to.

    Raises:
        OSError: there is none, or a link.
    """
    try:
        return os.open(name, _PASS, dir_fd=directory)
    except FileNotFoundError:
        if not make:
            raise
    with suppress(FileExistsError):
        os.mkdir(name, dir_fd=directory)
    return os.open(name, _PASS, dir_fd=directory)


def open_listed(name: bytes, directory: int) -> int:
    """A descriptor of a directory in another, to list and to go on from; "." is that directory itself.

    Raises:
        OSError: there is none, or a link, or it can't be read.
    """
    return os.open(name, _LIST, dir_fd=directory)


@contextmanager
def named(path: bytes, name: bytes) -> Iterator[None]:
    """Have an `OSError` about `name`, or about nothing, say that it is about `path`."""
    try:
        yield
    except OSError as error:
        if error.filename is None or (
            isinstance(error.filename, (str, bytes)) and os.fsencode(error.filename) in (name, b".")
        ):
            raise _renamed(error, path)  # noqa: B904 - the same error
        raise


def _enter_real(name: bytes, directory: int, of: BuildDirectory, *, make: bool) -> int:
    try:
        return enter(name, directory, make=make)
    except OSError as error:
        if _link_target(name, directory) is not None:
            raise PathEscapesError(b"/".join(of.names)) from error
        raise _renamed(error, of.path) from None


def _link_target(name: bytes, directory: int) -> bytes | None:
    """Where a link leads to; None for anything else."""
    try:
        return os.readlink(name, dir_fd=directory)
    except OSError:
        return None


def _error(number: int, path: bytes) -> OSError:
    return OSError(number, os.strerror(number), path)


def _renamed(error: OSError, path: bytes) -> OSError:
    error.filename = path
    return error
