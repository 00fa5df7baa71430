"""Resolves paths and refuses those that leave the build directory, symbolic links considered.

The check protects against hostile names and against links that a checkout brings along. A command of the same run could
do what it likes with the worker's rights anyway, so that a race with it isn't defended against.
"""

import os
from pathlib import Path
from typing import BinaryIO


class PathEscapesError(Exception):
    """A path would leave its directory."""

    def __init__(self, path: bytes | str) -> None:
        self.path = os.fsencode(path)
        super().__init__(f"the path {os.fsdecode(self.path)!r} leaves the build directory")


def build_directory(work_dir: Path, builddir: str) -> bytes:
    """The real path of a build directory, which need not exist yet.

    Raises:
        PathEscapesError: `builddir` isn't made of plain names, or a link leads it out of `work_dir`.
    """
    parts = builddir.split("/")
    if any(part in ("", ".", "..") or "\0" in part or "\\" in part for part in parts):
        raise PathEscapesError(builddir)
    base = os.path.realpath(os.fsencode(work_dir))
    real = os.path.realpath(os.path.join(base, *map(os.fsencode, parts)))
    if not _is_below(real, base):
        raise PathEscapesError(builddir)
    return real


def resolve(root: bytes, path: bytes) -> bytes:
    """The absolute path of `path` with links in its directories resolved, and its last name left as it is.

    `root` is a real path. The result may be `root` itself.

    Raises:
        PathEscapesError: `path` is absolute or leads out of `root`.
    """
    joined = _joined(root, path)
    if joined == root:
        return root
    directory, name = os.path.split(joined)
    real = os.path.realpath(directory)
    if real != root and not _is_below(real, root):
        raise PathEscapesError(path)
    return os.path.join(real, name)


def resolve_links(root: bytes, path: bytes) -> bytes:
    """As `resolve`, with a link in the last name resolved as well.

    Raises:
        PathEscapesError: `path` is absolute or leads out of `root`.
    """
    real = os.path.realpath(_joined(root, path))
    if real != root and not _is_below(real, root):
        raise PathEscapesError(path)
    return real


def open_file(root: bytes, path: bytes) -> BinaryIO:
    """Open a file of `root` for reading, unbuffered; its last name must not be a link, whatever it was when looked at.

    Raises:
        PathEscapesError: `path` is absolute or leads out of `root`.
        OSError: it can't be read, or is a link.
    """
    flags = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
    return open(os.open(resolve(root, path), flags), "rb", buffering=0)


def _joined(root: bytes, path: bytes) -> bytes:
    if path.startswith(b"/") or b"\0" in path:
        raise PathEscapesError(path)
    parts = [part for part in path.split(b"/") if part not in (b"", b".")]
    # ".." is refused even where it would stay inside: after a link it doesn't mean what the text says.
    if b".." in parts:
        raise PathEscapesError(path)
    return os.path.join(root, *parts) if parts else root


def _is_below(path: bytes, directory: bytes) -> bool:
    # By components: "build-evil" isn't in "build".
    return path != directory and os.path.commonpath((path, directory)) == directory
