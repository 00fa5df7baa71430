"""Which installation a command means that isn't told: the one of the repository it is typed in."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path

import click

from buildledger.config.init.document import FILE_NAME, name_of

STATE_WITHOUT_FILE = Path("var")
NAME_CHARACTERS = 32
"""Of the project's name in its state directory's; sockets are in there, whose paths may have about 100 characters."""


def found_config() -> Path | None:
    """The configuration file here, or above in the same repository."""
    here = Path.cwd().resolve()
    above = (here, *here.parents)
    root = next((number for number, directory in enumerate(above) if (directory / ".git").exists()), 0)
    return next((file for directory in above[: root + 1] if (file := directory / FILE_NAME).is_file()), None)


def default_state() -> Path:
    """Where the server keeps everything that isn't told: for a file that is found in the user's own state, else `var`.

    Not in the repository: what builds check out would have it above itself, where compilers and package managers look
    for their settings, and the server's token would be copied with it.
    """
    config = found_config()
    return STATE_WITHOUT_FILE if config is None else state_of(config)


def state_of(config: Path) -> Path:
    """The state directory of a file that was found; another place is another installation."""
    digest = hashlib.sha256(os.fsencode(config)).hexdigest()[:8]
    return _state_home() / "buildledger" / f"{name_of(config.parent.name)[:NAME_CHARACTERS]}-{digest}"


def _state_home() -> Path:
    """As the XDG base directory specification has it."""
    given = os.environ.get("XDG_STATE_HOME", "")
    if given.startswith("/"):
        return Path(given)
    try:
        return Path.home() / ".local" / "state"
    except RuntimeError:
        raise click.ClickException(
            "this account has no home directory: say where to keep everything with --state"
        ) from None
