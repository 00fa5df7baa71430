"""Recipes → the text of a configuration, as somebody would write it who knows the format."""

from __future__ import annotations

import json
import re
import unicodedata
from collections.abc import Sequence

from buildledger.config.init.recipe import Recipe, Report, Run, Script, Step

FILE_NAME = "buildledger.yaml"
"""What `init` writes and `serve` looks for."""
PLAIN = re.compile(r"(?:-{0,2}[A-Za-z]|[/_.])[\w./+=@-]*", re.ASCII)
"""What YAML takes as text without quotes wherever it stands."""
NOT_TEXT = frozenset({"null", "true", "false", "~"})

HEAD = """\
# What Build Ledger builds here. `buildledger serve` follows this file, also when you change it while it runs;
# `buildledger config check {file}` says what is wrong with it.
version: 1
server: {{title: {title}}}

sources:
  {source}: {{git: "."}}  # this repository: each commit is built, what isn't committed is not
"""
REMOTE = "  # or, without this clone: {source}: {{git: {address}, poll: 1m}}\n"
WORKERS = """
workers:
  here: {start: {driver: local}}  # the server itself starts it on this machine, when there is something to build

builders:
"""
TRIGGERS = """
triggers:
  - {{on: change, source: {source}, build: [{builders}]}}  # at once the branch you are on, then every commit on any
  - {{on: manual, build: [{builders}]}}
"""
SKELETON = """\
  build:
    project: {source}
    steps:
      - checkout: {source}
      # No build system that `buildledger init` knows was found: put your own commands here.
      - name: build
        script: |
          echo "Fill in how this project is built and tested."
          ls
      # - run: [./build.sh]              # a program and its arguments, without a shell
      # - run: [./test.sh, --junit, out/junit.xml]
      #   timeout: 30m
      # - test_report: out/junit.xml     # what became of each test
"""


def write(recipes: Sequence[Recipe], *, project: str, remote: str | None) -> str:
    """The whole file; one that builds green and says what to fill in, if there are no recipes."""
    source = _flow(name_of(project))
    text = HEAD.format(file=FILE_NAME, title=_flow(_title(project)), source=source)
    if remote is not None:
        text += REMOTE.format(source=source, address=_flow(remote))
    text += WORKERS
    text += "\n".join(_builder(recipe, source) for recipe in recipes) or SKELETON.format(source=source)
    builders = ", ".join(recipe.builder for recipe in recipes) or "build"
    return text + TRIGGERS.format(source=source, builders=builders)


def _title(project: str) -> str:
    return "".join(character for character in project if character.isprintable())[:64].strip() or name_of(project)


def name_of(project: str) -> str:
    """The project's name as the format allows it."""
    plain = unicodedata.normalize("NFKD", project).encode("ascii", "ignore").decode()
    name = re.sub(r"[^A-Za-z0-9_.-]+", "-", plain).strip("-.")[:64]
    return name if re.match(r"[A-Za-z_]", name) else f"project-{name}".rstrip("-")[:64]


def _builder(recipe: Recipe, source: str) -> str:
    lines = [f"  {recipe.builder}:", f"    project: {source}", f"    description: {_flow(', '.join(recipe.found))}"]
    if recipe.env:
        variables = ", ".join(f"{name}: {_flow(value)}" for name, value in recipe.env.items())
        lines.append(f"    env: {{{variables}}}")
    lines += ["    steps:", f"      - checkout: {source}"]
    for step in recipe.steps:
        if isinstance(step, Report):
            lines.append(f"      - run: [rm, -f, {_flow(_path(step, recipe.directory))}]  # what the last build left")
    for step in recipe.steps:
        lines += _step(step, recipe.directory)
    return "\n".join(lines) + "\n"


def _step(step: Step, directory: str) -> list[str]:
    inside = [] if directory == "." else [f"        workdir: {_flow(directory)}"]
    match step:
        case Report():
            return [f"      - test_report: {_flow(_path(step, directory))}", "        optional: true"]
        case Run():
            command = f"run: [{', '.join(map(_flow, step.argv))}]"
            first = [f"      - name: {_flow(step.name)}", f"        {command}"] if step.name else [f"      - {command}"]
        case Script():
            first = [f"      - name: {_flow(step.name)}", "        script: |"]
            first += [f"          {line}" for line in step.lines]
    return [*first, *inside, *([f"        timeout: {step.timeout}"] if step.timeout else [])]


def _path(report: Report, directory: str) -> str:
    return report.path if directory == "." else f"{directory}/{report.path}"


def _flow(text: str) -> str:
    """A text inside brackets or behind a key, in quotes where YAML would read something else."""
    if PLAIN.fullmatch(text) and text.lower() not in NOT_TEXT and not text.endswith(":"):
        return text
    return json.dumps(text, ensure_ascii=False)
