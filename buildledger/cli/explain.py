"""`buildledger explain`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from urllib.parse import quote

import click

from buildledger.cli.client import Client
from buildledger.cli.options import RevisionType, json_option, state_option

SHOWN_MAX = 10
"""Commits that begin with the same characters, or are in several sources."""


@click.command()
@state_option
@json_option
@click.argument("revision", type=RevisionType())
def explain(state: Path, as_json: bool, revision: str) -> None:
    """Say for a commit, for each trigger that watches its source and each builder: built, waiting, or what kept it.

    REVISION is a commit's hash, or at least its first four characters. What counts is the configuration that was in
    force when the commit was seen.
    """
    client = Client(state)
    found = client.items("/changes", revision=revision, historic="true", limit=SHOWN_MAX)
    if not found:
        raise click.ClickException(f"no commit {revision} has been seen: is its source configured, and read?")
    all_answers = [client.get(f"/changes/{quote(change['id'])}/answers") for change in found]
    if as_json:
        click.echo(json.dumps(all_answers, indent=2))
        return
    for change, answers in zip(found, all_answers, strict=True):
        click.echo(
            f"{change['source']} {change['revision']} on {change['branch']}: {change['subject'] or ''}".rstrip(": ")
        )
        if (pipeline := answers["pipeline"]) is not None:
            click.echo(f"  {pipeline['text']}")
            for problem in pipeline["problems"]:
                click.echo(f"    {problem['text']}")
        for answer in answers["answers"]:
            click.echo(f"  {answer['trigger']} → {_what(answer)}")
        if not answers["answers"] and pipeline is None:
            click.echo(f"  no trigger watches {change['source']}")


def _what(answer: dict[str, Any]) -> str:
    return f"{answer['builder']} ({answer['branch']}): {answer['text']}"
