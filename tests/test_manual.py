"""What the pages tell people to type exists: commands and their options, targets, addresses, configurations."""

from __future__ import annotations

import json
import re
import shlex
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
import pytest
from ruamel.yaml import YAML

from buildledger.api.routers import PREFIX, describe_routes
from buildledger.cli.main import group
from buildledger.config.load import check
from buildledger.config.pipelines.definition import RepoFile
from buildledger.config.pipelines.repo_file import check as check_repo_file
from buildledger.testing.configuration import load_text
from buildledger.worker import command_line

ROOT = Path(__file__).parent.parent
LISTED = subprocess.run(["git", "ls-files", "*.md"], cwd=ROOT, check=True, capture_output=True, text=True)
PAGES = sorted(set(LISTED.stdout.split()) - {"CHANGELOG.md"})
"""The changelog speaks of what was, too."""

MANUAL = [page for page in PAGES if not page.startswith("docs/contributing/")]
"""Without the guides, whose steps and addresses exist only when they are followed; other tests follow them."""

FENCE = re.compile(r"^```(\w*)[^\n]*\n(.*?)^```", re.MULTILINE | re.DOTALL)
INLINE = re.compile(r"`([^`\n]+)`")
PROMPT = re.compile(r"^\s*(?:[$>] )?")
ADDRESS = re.compile(r"\b(GET|POST|PUT|PATCH|DELETE) (/[\w/{}.%-]*)")
WORKER_PROGRAMS = ("bl-worker", "bl-worker.exe")
ABBREVIATED = re.compile(r"\s…|…\s|\[[^\]]*\]")
"""What stands in a line for something else, as in `buildledger serve … --grpc ADDRESS` or `[options]`."""


def shell_lines(page: str) -> Iterator[str]:
    """The lines of a page's blocks without a language that isn't a shell's; what goes on behind a backslash is one."""
    for language, block in FENCE.findall((ROOT / page).read_text()):
        if language in ("", "console", "sh"):
            for line in re.sub(r"[\\^]\n", " ", block).splitlines():
                yield PROMPT.sub("", line)


def inline_code(page: str) -> Iterator[str]:
    """What stands between backticks in a page's text."""
    yield from INLINE.findall(FENCE.sub("", (ROOT / page).read_text()))


def commands_of(page: str) -> Iterator[list[str]]:
    """The commands of ours that a page has, as words: in blocks, in `$(…)` in them, and in the text."""
    for line in (*shell_lines(page), *inline_code(page)):
        for text in (line, *re.findall(r"\$\(([^)]*)\)", line)):
            if "buildledger" not in text and "bl-worker" not in text:
                continue
            try:
                words = shlex.split(ABBREVIATED.sub(" ", text.replace("\\", "/")), comments=True)
            except ValueError:
                continue
            if words and Path(words[0]).name in ("buildledger", "buildledger-worker", *WORKER_PROGRAMS):
                ends = [words.index(end) for end in (">", "|", "&&", "&", ";") if end in words]
                yield [Path(words[0]).name, *words[1 : min(ends, default=None)]]


def problem_of(words: list[str]) -> str | None:
    """Why a command can't be typed so; None if it can."""
    program, *rest = words
    if program == "buildledger":
        return _problem_of_click(group, rest)
    if program == "buildledger-worker":
        return _problem_of_worker(rest)
    usage = (ROOT / "workers/go/cmd/bl-worker/arguments.go").read_text()
    usage += (ROOT / "workers/go/cmd/bl-worker/signals_windows.go").read_text()
    usage += (ROOT / "workers/go/cmd/bl-worker/exec.go").read_text()
    known = set(re.findall(r"--[a-z-]+", usage))
    return next((f"no option {word}" for word in rest if word.startswith("--") and word not in known), None)


def _problem_of_click(command: click.Command, rest: list[str], name: str = "buildledger") -> str | None:
    context = click.Context(command, info_name=name)
    if isinstance(command, click.Group):
        options = [word for word in rest[:1] if word.startswith("-")]
        if not rest or options:
            known = {option for parameter in command.get_params(context) for option in parameter.opts}
            return next((f"{name} has no {word}" for word in options if word not in known), None)
        below = command.get_command(context, rest[0])
        return f"{name} has no {rest[0]}" if below is None else _problem_of_click(below, rest[1:], f"{name} {rest[0]}")
    if command.name == "worker":
        return _problem_of_worker(rest)
    try:
        _, left, _ = command.make_parser(context).parse_args(list(rest))
    except click.UsageError as error:
        return None if "requires an argument" in error.message else f"{name}: {error.message}"
    return f"{name} doesn't take {left}" if left and not context.allow_extra_args else None


def _problem_of_worker(rest: list[str]) -> str | None:
    known = {option for action in command_line.parser()._actions for option in action.option_strings}
    return next((f"the worker has no {word}" for word in rest if word.startswith("--") and word not in known), None)


@pytest.mark.parametrize("page", PAGES)
def test_commands_can_be_typed_as_they_stand(page: str) -> None:
    """Every command of ours on a page is one, with options and arguments that it has."""
    wrong = {" ".join(words): problem for words in commands_of(page) if (problem := problem_of(words)) is not None}
    assert wrong == {}


def test_commands_are_found_and_wrong_ones_are_told() -> None:
    """The pages have many, and one that isn't there, has a wrong option or one argument more would be told."""
    found = [words for page in PAGES for words in commands_of(page)]
    assert len(found) > 40
    wrong = ("serv", "serve --stat x", "backup a b", "workers drop", "worker --serverr x", "--verbose")
    for text in (*(f"buildledger {each}" for each in wrong), "bl-worker --stat x"):
        assert problem_of(text.split()) is not None, text


@pytest.mark.parametrize("page", PAGES)
def test_targets_are_those_of_the_makefile(page: str) -> None:
    """Every `make TARGET` has its target, and every variable that is given is one that the Makefile reads."""
    makefile = (ROOT / "Makefile").read_text()
    said = [line for line in (*shell_lines(page), *inline_code(page)) if re.match(r"make [a-z]", line)]
    for line in said:
        for word in shlex.split(line, comments=True)[1:]:
            name, equals, _ = word.partition("=")
            pattern = rf"\b{re.escape(name)}\b" if equals else rf"^{re.escape(name)}:"
            assert re.search(pattern, makefile, re.MULTILINE), f"{page}: {line}: there is no {name}"


PATHS = {
    (method.upper(), re.sub(r"\{[^}]*\}", "*", path.removeprefix(PREFIX)))
    for path, methods in describe_routes()["paths"].items()
    for method in methods
}


def is_address(method: str, path: str) -> bool:
    """Whether the API has it, with or without its prefix, and with names or values for what varies."""
    asked = re.sub(r"\{[^}]*\}", "*", path.removeprefix(PREFIX)).split("/")
    for known_method, known in PATHS:
        parts = known.split("/")
        if known_method == method and len(parts) == len(asked) and all(map(_fits, parts, asked)):
            return True
    return False


def _fits(known: str, asked: str) -> bool:
    return known in ("*", asked)


@pytest.mark.parametrize("page", MANUAL)
def test_addresses_are_those_of_the_api(page: str) -> None:
    """Every `METHOD /path` on a page is an address of the API, and every address that `curl` is given."""
    text = (ROOT / page).read_text()
    said = {(method, path.rstrip("/.")) for method, path in ADDRESS.findall(text) if "%00" not in path}
    said |= {("GET", path) for path in re.findall(r"curl[^\n`]*?https?://[^/\s]+(/api/v1[\w/{}.-]*)", text)}
    assert {each for each in said if not is_address(*each)} == set()


def configurations() -> list[tuple[str, str]]:
    """Each whole configuration in a block of a page, and each file of the examples."""
    found = []
    for page in MANUAL:
        blocks = [block for language, block in FENCE.findall((ROOT / page).read_text()) if language == "yaml"]
        found += [(f"{page} {number}", block) for number, block in enumerate(blocks) if "version: 1" in block]
    return found + [(path.name, path.read_text()) for path in sorted((ROOT / "examples").glob("*.yaml"))]


@pytest.mark.parametrize(("place", "text"), configurations(), ids=lambda value: value[:40].split("\n")[0])
def test_configurations_have_no_problems(place: str, text: str, tmp_path: Path) -> None:
    """Whoever copies a whole configuration from a page can start a server with it."""
    if text.startswith("# .buildledger.yaml"):
        central = load_text(json.dumps(AROUND | {"repo_pipelines": {"widget": {}}}), secrets_required=False)
        repo_file = RepoFile(content=text.encode(), name=place, source="widget", central=central)
        found = list(check_repo_file(repo_file).problems)
    else:
        file = tmp_path / "ci.yaml"
        file.write_text(text)
        found = check(file, secrets_required=False)
    assert [problem.message for problem in found] == [], place


FRAGMENTS = ("docs/artifacts.md", "docs/configuration.md", "docs/elastic.md")
"""Pages with parts of configurations."""

AROUND: dict[str, Any] = {
    "version": 1,
    "sources": {"widget": {"git": "https://example.org/widget.git"}},
    "secrets": {"provider": "env", "prefix": "CI_"},
    "workers": {"linux": {"labels": {"os": "linux"}}, "windows": {"labels": {"os": "windows"}}},
}
OF_THE_REST = frozenset({"no-artifact", "not-triggered", "unused"})
"""What is said of parts that the rest of a file doesn't use, or doesn't bring."""
OTHERS: dict[str, Any] = {"package": {"steps": [{"run": ["make"]}]}}


def around(part: Any) -> dict[str, Any] | None:
    """A whole configuration with that part in it; None if it is no part of one."""
    if isinstance(part, list):
        part = {"steps": part}
    if "steps" in part:
        inputs = {"inputs": {"build": {"type": "integer", "default": 1}}}
        triggers = [{"on": "success", "of": "package", "build": ["this"]}]
        return {**AROUND, "builders": {**OTHERS, "this": {**inputs, **part}}, "triggers": triggers}
    if {"sources", "workers"} & part.keys():
        return {**AROUND, "builders": OTHERS, **part}
    if any("matrix" in value for value in part.values() if isinstance(value, dict)):
        return {**AROUND, "builders": {name: {**builder, **OTHERS["package"]} for name, builder in part.items()}}
    return None


def fragments() -> list[tuple[str, dict[str, Any]]]:
    """Each part of a configuration in a block of a page, made whole."""
    found = []
    for page in FRAGMENTS:
        for language, block in FENCE.findall((ROOT / page).read_text()):
            if (
                language == "yaml"
                and "version: 1" not in block
                and (whole := around(YAML(typ="safe").load(block))) is not None
            ):
                found.append((page, whole))
    return found


@pytest.mark.parametrize(("page", "whole"), fragments(), ids=lambda value: value if isinstance(value, str) else "")
def test_parts_of_configurations_have_no_problems(page: str, whole: dict[str, Any], tmp_path: Path) -> None:
    """Whoever copies a part into a configuration that has what it refers to can use it."""
    file = tmp_path / "ci.yaml"
    file.write_text(json.dumps(whole))
    (tmp_path / "bl-worker-linux-arm64").touch()
    found = [problem for problem in check(file, secrets_required=False) if problem.code not in OF_THE_REST]
    assert [problem.message for problem in found] == [], page


def test_parts_are_found() -> None:
    """The pages have several, of every kind."""
    assert len(fragments()) >= 7
