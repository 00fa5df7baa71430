"""Configuration files as arguments of commands: loaded, or refused with everything that is wrong with them."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

import click

from buildledger.config import report
from buildledger.config.load import load
from buildledger.config.problems import ConfigErrors, Problem
from buildledger.config.resolved import Configuration

FILE = click.Path(dir_okay=False, path_type=Path)
NOT_THE_SERVER = "This machine isn't the server: don't look whether the secrets are there."


def load_file(file: Path, *, no_secrets: bool = False) -> Configuration:
    """The configuration of a file.

    Raises:
        ClickException: It has errors; says them all.
    """
    try:
        return load(file, secrets_required=not no_secrets)
    except ConfigErrors as errors:
        raise click.ClickException("\n" + text_of(errors.problems, file)) from None


def text_of(problems: Sequence[Problem], file: Path) -> str:
    """Problems with the lines of the file that they are about, for the terminal that errors go to."""
    source = file.read_text(errors="replace") if file.is_file() else None
    return report.problems_text(problems, source=source, colour=sys.stderr.isatty())
