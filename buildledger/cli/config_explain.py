"""`buildledger config explain`: a builder as it is, and where in the file that stands."""

from __future__ import annotations

import json
from pathlib import Path

import click

from buildledger.cli.config_files import FILE, loaded_file
from buildledger.cli.installation import found_config
from buildledger.cli.options import json_option
from buildledger.config.explain.explain import Explanation, UnknownBuilderError, explain
from buildledger.config.explain.explained import Explained, to_json, to_yaml
from buildledger.config.loading.merge import merge
from buildledger.config.loading.parsing import parse
from buildledger.config.reading.yaml_reader import read
from buildledger.wording import plural

CELLS_SHOWN = 20


@click.command("explain")
@click.argument("builder")
@click.option(
    "--config",
    "file",
    type=FILE,
    metavar="FILE",
    help="The configuration: a file, or a directory of files.  [default: the buildledger.yaml here]",
)
@json_option
def explain_builder(builder: str, file: Path | None, as_json: bool) -> None:
    """Show BUILDER as it is after templates, matrix and defaults, and for each part the line that it came from.

    BUILDER is a builder of FILE, or one cell of its matrix: 'tests[3.12,linux]'. Which triggers build it and which
    workers may run it is said too. Needs no server, and no secrets.
    """
    file = file or found_config()
    if file is None:
        raise click.UsageError("there is no buildledger.yaml here: --config says which file")
    loaded = loaded_file(file, no_secrets=True)
    documents = [read(text, name) for name, text in loaded.given.texts.items()]
    document = documents[0] if len(documents) == 1 else merge(documents)
    try:
        found = explain(document, parse(document), loaded.sound, builder)
    except UnknownBuilderError as error:
        raise click.ClickException(f"{file}: {error}") from None
    click.echo(json.dumps(_as_json(found), indent=2) if as_json else _text(found))


def _as_json(found: Explanation) -> dict[str, object]:
    return {
        "name": found.name,
        "cells": found.cells,
        "builder": to_json(found.body),
        "triggers": to_json(found.triggers),
        "workers": to_json(found.workers),
    }


def _text(found: Explanation) -> str:
    parts = [to_yaml(Explained(value={found.name: found.body}, origin=found.body.origin))]
    if found.cells:
        more = len(found.cells) - CELLS_SHOWN
        parts.append(f"# stands for {plural(len(found.cells), 'cell')}:")
        parts += [f"#   {name}" for name in found.cells[:CELLS_SHOWN]]
        parts += [f"#   and {more:,} more"] if more > 0 else []
    parts += _listed("built by", found.triggers, "no trigger: it is built by hand only")
    parts += _listed("may run on", found.workers, "no worker of this file")
    return "\n".join(parts)


def _listed(what: str, found: Explained, none: str) -> list[str]:
    value = found.value
    if not value:
        return [f"# {what} {none}"]
    if isinstance(value, dict):
        lines = [f"{name} ({inner.value})  {inner.origin}" for name, inner in value.items()]
    else:
        assert isinstance(value, tuple)
        lines = [f"{inner.value}  {inner.origin}" for inner in value]
    note = f" ({found.note})" if found.note else ""
    return [f"# {what}{note}:", *(f"#   {line}" for line in lines)]
