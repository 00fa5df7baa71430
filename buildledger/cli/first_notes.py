"""What `buildledger serve` notes at its first start."""

from __future__ import annotations

import contextlib
from pathlib import Path

import click

from buildledger.cli.installation import found_config
from buildledger.cli.repository import repository_at
from buildledger.settings import ADMIN_TOKEN_FILE


def first_notes(state: Path, config: Path | None, found: Path | None) -> list[str]:
    """Why nothing may be built, or something else than is expected; nothing at any later start."""
    if (state / ADMIN_TOKEN_FILE).exists():
        return []
    if config is None:
        if (here := found_config()) is not None:
            return [f"nothing is configured: where --state is given, the file has to be named too: --config {here}"]
        return ["nothing is configured: `buildledger init` writes a first file, and --config FILE says which to use"]
    if found is None:
        return []
    with contextlib.suppress(click.ClickException):
        return repository_at(found.parent).notes()
    return []
