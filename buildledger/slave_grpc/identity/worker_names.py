"""Names that a worker may have."""

import re

NAME_RULE = "1–64 of A-Z a-z 0-9 . _ -, a letter or digit first"
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")


def is_worker_name(text: str) -> bool:
    """Whether a text keeps `NAME_RULE`."""
    return _NAME.fullmatch(text) is not None


def bad_name_message(name: str) -> str:
    """What a worker is told whose name breaks `NAME_RULE`."""
    return f"{name!r} is not a worker's name: {NAME_RULE}"


def unknown_worker_message(name: str) -> str:
    """What a worker is told whose name isn't in the configuration."""
    return (
        f"{name!r} isn't in the server's configuration: add it under `workers`, or start the worker with another name"
    )
