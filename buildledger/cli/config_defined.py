"""What `config check` says of texts that aren't a configuration: a repository's file, what a step generates."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from buildledger.cli.config_files import STANDARD_INPUT, load_file
from buildledger.config import limits
from buildledger.config.load import Loaded
from buildledger.config.pipelines.definition import Definition, GeneratedText, RepoFile
from buildledger.config.pipelines.repo_file import check
from buildledger.config.problems.problem import did_you_mean, listed
from buildledger.config.reading import given_files
from buildledger.config.reading.files import Given
from buildledger.config.resolved import Builder, Configuration
from buildledger.config.steps.generate import GenerateStep


def check_pipeline(file: Path, source: str, central: Path | None) -> Loaded:
    """What is wrong with the file of a source's repository.

    Raises:
        ClickException: The file can't be read, or the central configuration has errors or nothing about the source.
    """
    configuration = None if central is None else load_file(central, no_secrets=True)
    if configuration is not None and source not in configuration.repo_pipelines:
        granted = listed(configuration.repo_pipelines) or "none"
        message = f"{central} grants the repository of source '{source}' nothing (repo_pipelines: {granted})"
        raise click.ClickException(message)
    name = _name(file)
    return _checked(file, RepoFile(content=_content(file), name=name, source=source, central=configuration))


def check_generated(file: Path, builder: str, step: str | None, central: Path) -> Loaded:
    """What is wrong with what a step of a builder generates.

    Raises:
        ClickException: The file can't be read, or the central configuration has errors or no such step.
    """
    configuration = load_file(central, no_secrets=True)
    generating = _builder(configuration, builder, central)
    steps = {each.name: each for each in generating.steps if isinstance(each, GenerateStep)}
    if not steps:
        raise click.ClickException(f"no step of builder '{builder}' generates anything")
    if step is None and len(steps) > 1:
        raise click.ClickException(f"several steps of builder '{builder}' do: name one by --step ({listed(steps)})")
    if step is not None and step not in steps:
        message = f"no step '{step}' of builder '{builder}' generates anything{did_you_mean(step, steps)}"
        raise click.ClickException(f"{message} (those that do: {listed(steps)})")
    chosen = next(iter(steps.values())) if step is None else steps[step]
    text = GeneratedText(
        content=_content(file), name=_name(file), central=configuration, builder=generating, step=chosen
    )
    return _checked(file, text)


def _builder(configuration: Configuration, name: str, central: Path) -> Builder:
    """The builder of this name; of one with a matrix its first cell, for all of them grant the same."""
    for builder in configuration.builders.values():
        if name in (builder.name, builder.base):
            return builder
    raise click.ClickException(f"{central} has no builder '{name}'{did_you_mean(name, configuration.builders)}")


def _name(file: Path) -> str:
    return "<stdin>" if file == STANDARD_INPUT else str(file)


def _content(file: Path) -> bytes:
    if file == STANDARD_INPUT:
        return sys.stdin.buffer.read(limits.PIPELINE_BYTES + 1)
    try:
        return given_files.read_file(file, limits.PIPELINE_BYTES + 1)
    except (OSError, ValueError) as error:
        raise click.ClickException(f"{file} can't be read: {getattr(error, 'strerror', None) or error}") from None


def _checked(file: Path, text: Definition) -> Loaded:
    given = Given(directory=file.parent, texts={text.name: text.content.decode("utf-8-sig", "replace")})
    return Loaded(configuration=None, problems=list(check(text).problems), given=given)
