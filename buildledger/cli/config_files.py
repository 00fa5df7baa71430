"""Configuration files as arguments of commands: loaded, or refused with everything that is wrong with them."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path

import click
import msgspec

from buildledger.config import limits, report
from buildledger.config.given_files import read_file
from buildledger.config.load import Loader
from buildledger.config.problems import Problem, listed
from buildledger.config.repo_file import check as check_repo_file
from buildledger.config.repo_grants import RepoFile
from buildledger.config.resolved import Configuration

FILE = click.Path(dir_okay=False, path_type=Path)
NOT_THE_SERVER = "This machine isn't the server: don't look whether the secrets are there."


strict_option = click.option("--strict", is_flag=True, help="Count warnings as errors.")


def load_file(file: Path, *, no_secrets: bool = False, strict: bool = False) -> Configuration:
    """The configuration of a file; warnings of it go where errors go.

    Raises:
        ClickException: It has errors, which with `strict` warnings are as well; says them all.
    """
    configuration, problems = Loader(secrets_required=not no_secrets).read(file)
    problems = as_errors(problems) if strict else problems
    if configuration is None or any(problem.severity == "error" for problem in problems):
        raise click.ClickException("\n" + text_of(problems, file))
    if problems:
        click.echo(text_of(problems, file), err=True)
    return configuration


def as_errors(problems: Sequence[Problem]) -> list[Problem]:
    """Problems with the warnings among them counted as errors."""
    return [msgspec.structs.replace(problem, severity="error") for problem in problems]


def check_pipeline(file: Path, source: str, central: Path | None) -> list[Problem]:
    """What is wrong with the file of a source's repository.

    Raises:
        ClickException: The file can't be read, or the central configuration has errors or nothing about the source.
    """
    configuration = None if central is None else load_file(central, no_secrets=True)
    if configuration is not None and source not in configuration.repo_pipelines:
        granted = listed(configuration.repo_pipelines) or "none"
        message = f"{central} grants the repository of source '{source}' nothing (repo_pipelines: {granted})"
        raise click.ClickException(message)
    try:
        content = read_file(file, limits.PIPELINE_BYTES + 1)
    except (OSError, ValueError) as error:
        raise click.ClickException(f"{file} can't be read: {getattr(error, 'strerror', None) or error}") from None
    repo_file = RepoFile(content=content, name=str(file), source=source, central=configuration)
    return list(check_repo_file(repo_file).problems)


def text_of(problems: Sequence[Problem], file: Path) -> str:
    """Problems with the lines of the file that they are about, for the terminal that errors go to."""
    source = file.read_text(errors="replace") if file.is_file() else None
    return report.problems_text(problems, source=source, colour=sys.stderr.isatty())
