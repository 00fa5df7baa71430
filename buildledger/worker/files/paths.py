"""Takes the protocol's paths apart, and names the build directory that they belong to.

What is said here is said of names. That nothing is reached behind them that isn't in the build directory is the matter
of `contained.py`, which opens what they mean.
"""

import os
from dataclasses import dataclass
from pathlib import Path


class PathEscapesError(Exception):
    """A path would leave its directory."""

    def __init__(self, path: bytes | str) -> None:
        self.path = os.fsencode(path)
        super().__init__(f"the path {os.fsdecode(self.path)!r} leaves the build directory")


@dataclass(frozen=True, slots=True)
class BuildDirectory:
    """Where a build directory lies, which need not exist yet."""

    work_dir: bytes
    """Real path of the directory that holds all build directories; whoever set the worker up chose it."""
    names: tuple[bytes, ...]
    """Of the directories that lead down to it from there, itself the last; none was a link when it was looked at."""

    @property
    def path(self) -> bytes:
        """Its real path."""
        return os.path.join(self.work_dir, *self.names)


def build_directory(work_dir: Path, builddir: str) -> BuildDirectory:
    """The build directory of that name.

    Raises:
        PathEscapesError: `builddir` isn't made of plain names, or a link leads it out of `work_dir`.
    """
    parts = builddir.split("/")
    if any(part in ("", ".", "..") or "\0" in part or "\\" in part for part in parts):
        raise PathEscapesError(builddir)
    base = os.path.realpath(os.fsencode(work_dir))
    real = os.path.realpath(os.path.join(base, *map(os.fsencode, parts)))
    below = names_below(base, real)
    if not below:
        raise PathEscapesError(builddir)
    return BuildDirectory(base, tuple(below))


def parts_of(path: bytes) -> list[bytes]:
    """The names that a path of the protocol is made of; none for the build directory itself.

    Raises:
        PathEscapesError: it is absolute, or goes up.
    """
    parts = plain_parts(path)
    # ".." is refused even where it would stay inside: after a link it doesn't mean what the text says.
    if path.startswith(b"/") or b"\0" in path or b".." in parts:
        raise PathEscapesError(path)
    return parts


def plain_parts(path: bytes) -> list[bytes]:
    """What stands between the slashes of a path, without empty parts and those that say "here"."""
    return [part for part in path.split(b"/") if part not in (b"", b".")]


def names_below(directory: bytes, path: bytes) -> list[bytes] | None:
    """The names that lead from one absolute path down to another; None if that isn't in it.

    By components: "build-evil" isn't in "build".
    """
    above = plain_parts(directory)
    parts = plain_parts(path)
    return parts[len(above) :] if parts[: len(above)] == above else None
