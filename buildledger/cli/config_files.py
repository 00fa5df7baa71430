"""Configuration files as arguments of commands: loaded, or refused with everything that is wrong with them."""

from __future__ import annotations

import gc
import sys
from dataclasses import replace
from pathlib import Path

import click
import msgspec

from buildledger.config import limits
from buildledger.config.load import Loaded, Loader
from buildledger.config.problems import report
from buildledger.config.reading import given_files
from buildledger.config.reading.files import from_bytes
from buildledger.config.resolved import Configuration

FILE = click.Path(allow_dash=True, path_type=Path)
STANDARD_INPUT = Path("-")
NOT_THE_SERVER = "This machine isn't the server: don't look whether the secrets are there."


strict_option = click.option("--strict", is_flag=True, help="Count warnings as errors.")


def read_file(file: Path, *, no_secrets: bool = False, strict: bool = False) -> Loaded:
    """What a file, a directory of files, or (`-`) standard input says; with `strict`, its warnings are errors."""
    gc.disable()  # of a million objects that all stay, the collector would find none to collect, again and again
    loader = Loader(secrets_required=not no_secrets)
    if file == STANDARD_INPUT:
        raw = sys.stdin.buffer.read(limits.FILE_BYTES + 1)
        loaded = loader.resolve(from_bytes(raw, "<stdin>", Path.cwd()))
    else:
        loaded = loader.read(file)
    return strictly(loaded) if strict else loaded


def load_file(file: Path, *, no_secrets: bool = False, strict: bool = False) -> Configuration:
    """The configuration of a file, a directory of files, or (`-`) standard input; warnings of it go where errors go.

    Raises:
        ClickException: It has errors, which with `strict` warnings are as well; says them all.
    """
    return loaded_file(file, no_secrets=no_secrets, strict=strict).sound


def loaded_file(file: Path, *, no_secrets: bool = False, strict: bool = False) -> Loaded:
    """The same, with the texts that it was read from.

    Raises:
        ClickException: It has errors.
    """
    loaded = read_file(file, no_secrets=no_secrets, strict=strict)
    if loaded.configuration is None:
        raise click.ClickException("\n" + text_of(loaded))
    if loaded.problems:
        click.echo(text_of(loaded), err=True)
    return loaded


def strictly(loaded: Loaded) -> Loaded:
    """The same, with its warnings counted as errors."""
    problems = [msgspec.structs.replace(problem, severity="error") for problem in loaded.problems]
    return replace(loaded, problems=problems, configuration=None if problems else loaded.configuration)


def origin_of(file: Path) -> str:
    """Where a configuration comes from, as it is recorded."""
    return "standard input" if file == STANDARD_INPUT else str(given_files.whereabouts(file))


def text_of(loaded: Loaded) -> str:
    """Problems with the lines of the files that they are about, for the terminal that errors go to."""
    return report.problems_text(loaded.problems, texts=loaded.given.texts, colour=sys.stderr.isatty())
