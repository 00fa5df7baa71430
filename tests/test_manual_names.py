"""What the manual names is there: commands and their options, addresses of the API, targets of the Makefile, limits."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from pathlib import Path

import click
import pytest

from buildledger.cli.main import group
from buildledger.config import limits
from buildledger.worker import command_line

ROOT = Path(__file__).parent.parent
PAGES = ("README.md", "SECURITY.md", "CONTRIBUTING.md", *(f"docs/{page.name}" for page in ROOT.glob("docs/*.md")))
COMMAND = re.compile(r"`(?:[^`\n]*?\s)?buildledger ([a-z][^`\n]*)`|^\$? ?buildledger ([a-z].*)$", re.MULTILINE)
ADDRESS = re.compile(r"\b(GET|POST|PUT|DELETE|PATCH) (?:/api/v1)?(/[\w{}/:-]+)")
TARGET = re.compile(r"`make ([a-z-]+)")
METHODS = ("get", "post", "put", "delete", "patch")


def faults_of(words: Sequence[str]) -> Iterator[str]:
    """What of a command line isn't there: the command, or an option of it."""
    command: click.Command = group
    rest = list(words)
    context = click.Context(group)
    while isinstance(command, click.Group) and rest and (found := command.get_command(context, rest[0])):
        command = found
        del rest[0]
    if isinstance(command, click.Group) and rest and rest[0].isalpha():
        yield f"no command {' '.join(words)}"
    known = {name for each in command.params for name in (*each.opts, *each.secondary_opts)} | {"--help"}
    if command.name == "worker":  # hands its options over
        known |= set(re.findall(r"--[a-z-]+", command_line.parser().format_help()))
    for word in rest:
        if word == "--":
            return
        option = word.strip("[],").partition("=")[0]
        if option.startswith("--") and option not in known:
            yield f"no option {option} of {' '.join(words)}"


def test_a_command_or_option_that_is_not_there_is_found() -> None:
    """So the next test can fail."""
    assert list(faults_of(["worker", "list"])) == []
    assert list(faults_of(["explode"])) == ["no command explode"]
    for command in ("serve", "worker"):
        assert list(faults_of([command, "--fast"])) == [f"no option --fast of {command} --fast"]


@pytest.mark.parametrize("name", PAGES)
def test_commands_and_options(name: str) -> None:
    """Each `buildledger …` of a page is a command that takes these options."""
    lines = [(quoted or shell).partition(" #")[0] for quoted, shell in COMMAND.findall((ROOT / name).read_text())]
    assert [fault for line in lines for fault in faults_of(line.split())] == []


@pytest.mark.parametrize("name", PAGES)
def test_addresses(name: str) -> None:
    """Each method with a path is an operation of the API; names may stand for parameters."""
    paths = json.loads((ROOT / "buildledger/api/openapi.json").read_text())["paths"]
    known = [
        (method.upper(), re.compile(re.sub(r"\{[^}]*\}", "[^/]+", path.removeprefix("/api/v1"))))
        for path, operations in paths.items()
        for method in operations
        if method in METHODS
    ]
    missing = [
        f"{method} {path}"
        for method, path in ADDRESS.findall((ROOT / name).read_text())
        if not any(method == each and pattern.fullmatch(path) for each, pattern in known)
    ]
    assert missing == []


@pytest.mark.parametrize("name", PAGES)
def test_targets(name: str) -> None:
    """Each `make …` is a target of the Makefile."""
    makefile = (ROOT / "Makefile").read_text()
    named = TARGET.findall((ROOT / name).read_text())
    assert [target for target in named if not re.search(rf"^{target}:", makefile, re.MULTILINE)] == []


def test_limits_of_the_configuration() -> None:
    """The table has the numbers that are in force."""
    table = (ROOT / "docs/configuration.md").read_text().partition("## Limits")[2].partition("\n## ")[0]
    lines = (
        f"| the file | {limits.FILE_BYTES >> 20} MiB, {limits.NODES:,} keys and values, of which"
        f" {limits.ANCHOR_NODES:,} out of anchors, nested {limits.DEPTH} deep |",
        f"| builders | {limits.BUILDERS:,}, matrices expanded; {limits.MATRIX_CELLS:,} cells a matrix,"
        f" {limits.MATRIX_AXES} axes, {limits.MATRIX_VALUES} values an axis |",
        f"| a builder | {limits.STEPS} steps, {limits.INPUTS} inputs; {limits.ARGUMENTS:,} arguments a program |",
        f"| a text | {limits.TEXT_CHARACTERS:,} characters; a script {limits.SCRIPT_CHARACTERS:,}; an expression"
        f" {limits.EXPRESSION_CHARACTERS:,}; a name {limits.NAME_CHARACTERS} |",
        f"| a duration | {limits.DURATION_SECONDS // 86_400} days |",
        f"| an upload | {limits.UPLOAD_BYTES >> 30} GiB |",
        f"| a secret | {limits.SECRET_BYTES >> 10} KiB; {limits.SECRET_PLACES:,} `places` of Vault |",
    )
    assert [line for line in lines if line not in table] == []
