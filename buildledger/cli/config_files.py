"""Configuration files as arguments of commands: loaded, or refused with everything that is wrong with them."""

from __future__ import annotations

import gc
import sys
from pathlib import Path

import click

from buildledger.config import limits, report
from buildledger.config.files import from_bytes
from buildledger.config.load import Loaded, Loader
from buildledger.config.resolved import Configuration

FILE = click.Path(allow_dash=True, path_type=Path)
STANDARD_INPUT = Path("-")
NOT_THE_SERVER = "This machine isn't the server: don't look whether the secrets are there."


def read_file(file: Path, *, no_secrets: bool = False) -> Loaded:
    """What a file, a directory of files, or (`-`) standard input says."""
    gc.disable()  # of a million objects that all stay, the collector would find none to collect, again and again
    loader = Loader(secrets_required=not no_secrets)
    if file != STANDARD_INPUT:
        return loader.read(file)
    raw = sys.stdin.buffer.read(limits.FILE_BYTES + 1)
    return loader.resolve(from_bytes(raw, "<stdin>", Path.cwd()))


def load_file(file: Path, *, no_secrets: bool = False) -> Configuration:
    """The configuration of a file, a directory of files, or (`-`) standard input.

    Raises:
        ClickException: It has errors; says them all.
    """
    loaded = read_file(file, no_secrets=no_secrets)
    if loaded.configuration is None:
        raise click.ClickException("\n" + text_of(loaded))
    return loaded.configuration


def origin_of(file: Path) -> str:
    """Where a configuration comes from, as it is recorded."""
    return "standard input" if file == STANDARD_INPUT else str(file.resolve())


def text_of(loaded: Loaded) -> str:
    """Problems with the lines of the files that they are about, for the terminal that errors go to."""
    return report.problems_text(loaded.problems, texts=loaded.given.texts, colour=sys.stderr.isatty())
