"""Paths inside a build's directory."""

from __future__ import annotations

from buildledger.config import limits


def fault(path: str) -> str | None:
    """Why `path` may not be used inside a build's directory, for people; None if it may.

    Judged by its text alone, for workers of any system: what a link on the worker points to is the worker's to refuse.
    """
    if not path:
        return "a path can't be empty"
    if len(path) > limits.TEXT_CHARACTERS:
        return f"a path has at most {limits.TEXT_CHARACTERS} characters"
    if any(ord(character) < 0x20 or ord(character) == 0x7F for character in path):
        return "a path holds no control characters"
    if "\\" in path:
        return "paths are written with /, on Windows too"
    if path.startswith("/") or path[1:2] == ":":
        return "the path has to be relative to the build's directory"
    if path.startswith("~"):
        return "~ isn't expanded: give the path relative to the build's directory"
    if ".." in path.split("/"):
        return "the path may not leave the build's directory with '..'"
    return None
