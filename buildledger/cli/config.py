"""`buildledger config`: the group, and what needs no server: check and schema."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import click

from buildledger import __version__
from buildledger.cli.config_apply import apply_file, diff_configurations, roll_back
from buildledger.cli.config_explain import explain_builder
from buildledger.cli.config_files import FILE, NOT_THE_SERVER, as_errors, check_pipeline, strict_option, text_of
from buildledger.cli.config_history import history, show
from buildledger.cli.from_buildbot import from_buildbot
from buildledger.config import report
from buildledger.config.load import check
from buildledger.config.reference import reference
from buildledger.config.schema import schema


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
@click.option("--config", "central", type=FILE, help="With --pipeline-of: the central configuration, which grants.")
def check_file(
    file: Path, sarif: bool, no_secrets: bool, strict: bool, source: str | None, central: Path | None
) -> None:
    """Say everything that is wrong with FILE, with line and column. Needs no server.

    With --pipeline-of, FILE is what a repository defines itself. It is checked as the server would do it, by what the
    central configuration grants; without --config only for what could never be right.

    Exit code 0: nothing, or warnings only, of what loads but can't be meant; 1: FILE has errors.
    """
    if central is not None and source is None:
        raise click.UsageError("--config goes with --pipeline-of SOURCE: FILE itself is the configuration else")
    problems = check(file, secrets_required=not no_secrets) if source is None else check_pipeline(file, source, central)
    problems = as_errors(problems) if strict else problems
    if sarif:
        click.echo(report.sarif(problems, __version__))
    elif problems:
        click.echo(text_of(problems, file), err=True)
    else:
        click.echo(f"{file}: no problems")
    sys.exit(any(problem.severity == "error" for problem in problems))


@config.command("schema")
@click.option("--markdown", is_flag=True, help="Print it as the manual's page of all keys, for people.")
def print_schema(markdown: bool) -> None:
    """Print the JSON Schema of the file format, for editors."""
    click.echo(reference() if markdown else json.dumps(schema(), indent=2), nl=not markdown)


for command in (explain_builder, diff_configurations, apply_file, roll_back, history, show):
    config.add_command(command)
