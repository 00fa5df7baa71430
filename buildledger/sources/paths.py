"""Paths inside a build's directory, compared part by part: `build-evil` isn't inside `build`."""

from __future__ import annotations

from buildledger.sources.failures import RefusedError


class UnsafePathError(RefusedError):
    """A path leads, or may lead, out of the build's directory."""

    def __init__(self, path: str, reason: str) -> None:
        super().__init__(f"the path {path!r} can't be used: {reason}")
        self.path = path


def relative(path: str) -> str:
    """`path` in its shortest form, `.` for the build's directory itself.

    Raises:
        UnsafePathError
    """
    if not path or not path.isprintable():
        raise UnsafePathError(path, "it is empty or holds control characters")
    if "\\" in path or path.startswith(("/", "~")) or path[1:2] == ":":
        raise UnsafePathError(path, "it has to be relative to the build's directory, with / between its parts")
    parts = [part for part in path.split("/") if part not in ("", ".")]
    if ".." in parts:
        raise UnsafePathError(path, "it may not go up with '..'")
    if any(part.startswith("-") for part in parts[:1]):
        raise UnsafePathError(path, "a program could take it for an option")
    if any(part.casefold() in RESERVED for part in parts):
        raise UnsafePathError(path, "version control keeps its own files there")
    return "/".join(parts) or "."


def above(*places: str) -> list[str]:
    """The directories that lead to places, and the places themselves, each once and without the build's directory."""
    parts = [place.split("/") for place in places if place != "."]
    return list(dict.fromkeys("/".join(each[:end]) for each in parts for end in range(1, len(each) + 1)))


def below(directory: str, path: str) -> str:
    """`path` as seen from the build's directory, where `directory` is what it is relative to."""
    return path if directory == "." else f"{directory}/{path}"


def is_in(path: str, directory: str) -> bool:
    """Whether a path is the directory, or lies in it."""
    return path == directory or path.startswith(f"{directory}/")


RESERVED = frozenset({".git", ".hg", ".svn", ".bzr", "_darcs", "cvs"})
"""Names that no checkout may be put into, whatever case the worker's file system keeps."""
