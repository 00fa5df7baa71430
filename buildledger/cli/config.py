"""`buildledger config`: the group, and what needs no server: check and schema."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import click

from buildledger import __version__
from buildledger.cli.config_apply import apply_file, diff_configurations, roll_back
from buildledger.cli.config_defined import check_generated, check_pipeline
from buildledger.cli.config_explain import explain_builder
from buildledger.cli.config_files import (
    FILE,
    NOT_THE_SERVER,
    read_file,
    strict_option,
    strictly,
    text_of,
)
from buildledger.cli.config_history import history, show
from buildledger.cli.config_render import render
from buildledger.cli.from_buildbot import from_buildbot
from buildledger.config.models.reference import reference
from buildledger.config.models.schema import schema
from buildledger.config.problems import report


@click.group()
def config() -> None:
    """Check, compare and apply configuration files."""


config.add_command(from_buildbot)


@config.command("check")
@click.argument("file", type=FILE)
@click.option("--sarif", is_flag=True, help="Print SARIF 2.1.0 for editors and code hosts.")
@click.option("--no-secrets", is_flag=True, help=NOT_THE_SERVER)
@strict_option
@click.option("--pipeline-of", "source", metavar="SOURCE", help="FILE is that of this source's repository.")
@click.option("--generated-by", "builder", metavar="BUILDER", help="FILE is what a step of this builder generates.")
@click.option("--step", metavar="NAME", help="With --generated-by: which step, if several of them generate.")
@click.option("--config", "central", type=FILE, help="With either: the central configuration, which grants.")
def check_file(
    file: Path,
    sarif: bool,
    no_secrets: bool,
    strict: bool,
    source: str | None,
    builder: str | None,
    step: str | None,
    central: Path | None,
) -> None:
    """Say everything that is wrong with FILE, with line and column. Needs no server.

    FILE may be a directory: all its *.yaml, *.yml and *.json are read; or - for standard input.

    With --pipeline-of, FILE is what a repository defines itself. It is checked as the server would do it, by what the
    central configuration grants; without --config only for what could never be right.

    With --generated-by, FILE is what the program of a step 'generate' writes; --config says which configuration has it.

    Exit code 0: nothing, or warnings only, of what loads but can't be meant; 1: FILE has errors.
    """
    if central is not None and source is None and builder is None:
        raise click.UsageError("--config goes with --pipeline-of SOURCE: FILE itself is the configuration else")
    if source is not None and builder is not None:
        raise click.UsageError("FILE is either --pipeline-of SOURCE or --generated-by BUILDER, not both")
    if step is not None and builder is None:
        raise click.UsageError("--step goes with --generated-by BUILDER")
    if builder is not None:
        if central is None:
            raise click.UsageError("--generated-by needs --config FILE: the configuration that has the builder")
        loaded = check_generated(file, builder, step, central)
    elif source is not None:
        loaded = check_pipeline(file, source, central)
    else:
        loaded = read_file(file, no_secrets=no_secrets)
    loaded = strictly(loaded) if strict else loaded
    for name in loaded.given.left_out:
        click.echo(f"{file}: left out {name}", err=True)
    if sarif:
        click.echo(report.sarif(loaded.problems, __version__))
    elif loaded.problems:
        click.echo(text_of(loaded), err=True)
    else:
        many = f" in {len(loaded.given.texts)} files" if len(loaded.given.texts) > 1 else ""
        click.echo(f"{file}: no problems{many}")
    sys.exit(any(problem.severity == "error" for problem in loaded.problems))


@config.command("schema")
@click.option("--markdown", is_flag=True, help="Print it as the manual's page of all keys, for people.")
def print_schema(markdown: bool) -> None:
    """Print the JSON Schema of the file format, for editors."""
    click.echo(reference() if markdown else json.dumps(schema(), indent=2), nl=not markdown)


for command in (explain_builder, render, diff_configurations, apply_file, roll_back, history, show):
    config.add_command(command)
