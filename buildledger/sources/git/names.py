"""Names of branches and revisions: what git accepts, less what a program could take for something else."""

from __future__ import annotations

import re

from buildledger.sources.failures import RefusedError

HEX = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
"""A whole object name: SHA-1 or SHA-256."""
NAME_CHARACTERS = 1024
_FORBIDDEN = re.compile(r"[\x00-\x20\x7f~^:?*\[\\]|\.\.|@\{|//")


class RefusedNameError(RefusedError):
    """A branch or revision that can't be asked for."""

    def __init__(self, kind: str, name: str, reason: str) -> None:
        super().__init__(f"the {kind} {name[:80]!r} can't be used: {reason}")
        self.name = name


def is_object_name(text: str) -> bool:
    """Whether this is a whole object name, in lower case as git writes it."""
    return HEX.fullmatch(text) is not None


def branch(name: str) -> str:
    """`name`, if a branch may be called so: the rules of git-check-ref-format, and no `-` first.

    Raises:
        RefusedNameError
    """
    return _checked("branch", name)


def revision(name: str) -> str:
    """A whole object name, or the name of a tag or branch to look up.

    Expressions (`main~3`, `@{upstream}`) and shortened object names are refused: what they mean depends on the clone.

    Raises:
        RefusedNameError: It is neither.
    """
    folded = name.lower()
    if is_object_name(folded):
        return folded
    return _checked("revision", name)


def _checked(kind: str, name: str) -> str:
    if not name or len(name) > NAME_CHARACTERS:
        raise RefusedNameError(kind, name, f"it is empty or longer than {NAME_CHARACTERS} characters")
    if name.startswith("-"):
        raise RefusedNameError(kind, name, "a program could take it for an option")
    if _FORBIDDEN.search(name) or name == "@" or name.endswith(("/", ".")) or name.startswith("/"):
        raise RefusedNameError(kind, name, "git allows no such name")
    if any(part.startswith(".") or part.endswith(".lock") for part in name.split("/")):
        raise RefusedNameError(kind, name, "git allows no such name")
    return name
