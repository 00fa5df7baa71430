"""Chooses the directory on a worker that a build works in."""

import hashlib
import re
from collections.abc import Collection

NAME_MAX_CHARACTERS = 64
_UNSAFE = re.compile(r"[^A-Za-z0-9._-]+")


def directory_name(builder: str, taken: Collection[str]) -> str:
    """A plain name for a builder's directory, the same each time, unless it is among the names `taken`.

    Builders keep their directory from build to build, so that a checkout can be brought up to date.
    """
    plain = _UNSAFE.sub("-", builder).strip("-.")[:NAME_MAX_CHARACTERS]
    if plain != builder:
        # Two builders whose names differ only in what was replaced must not meet in one directory.
        plain = f"{plain or 'builder'}-{hashlib.sha256(builder.encode()).hexdigest()[:8]}"
    name, number = plain, 2
    while name in taken:
        name, number = f"{plain}~{number}", number + 1
    return name
