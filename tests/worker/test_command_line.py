"""The worker's command line: what it means, and that it is the same in all three languages."""

from __future__ import annotations

import argparse
import re
from pathlib import Path

import pytest

from buildledger import __version__
from buildledger.worker.command_line import AS_CONFIGURED, TOKEN_VARIABLE, parse, parser
from buildledger.worker.settings import DEFAULT_SPOOL_BYTES

WORKERS = Path(__file__).parents[2] / "workers"
GO = WORKERS / "go" / "cmd" / "bl-worker" / "arguments.go"
NODE = WORKERS / "node" / "src" / "command-line.ts"
LEAST = ["--server", "ci.example.org:8011", "--name", "linux", "--state", "s"]


def own_options() -> set[str]:
    actions = parser()._actions  # argparse has no public list
    return {each for action in actions for each in action.option_strings if each.startswith("--")}


def go_options() -> set[str]:
    """Those of the flag package; --help is built into it."""
    return {f"--{name}" for name in re.findall(r'flags\.\w*Var?\w*\([^"\n]*"([\w-]+)"', GO.read_text())} | {
        *(f"--{name}" for name in re.findall(r'flags\.(?:Uint|Bool|String|Int64)\("([\w-]+)"', GO.read_text())),
        "--help",
    }


def node_options() -> set[str]:
    text = NODE.read_text()
    table = text[text.index("options: {") : text.index("}).values")]
    return {f"--{name}" for name in re.findall(r'^\s+"?([a-z][\w-]*)"?: \{ type:', table, re.MULTILINE)}


def test_the_three_workers_take_the_same_options() -> None:
    """But for two: the Go worker brings its supervisor along, and Node.js can't enter cgroups."""
    assert own_options() - {"--supervisor"} == go_options()
    assert own_options() - {"--cgroup"} == node_options()


def test_the_three_workers_read_the_same_variable() -> None:
    """The token's variable has one name, and no worker reads another one of ours."""
    for file in (GO, NODE):
        assert set(re.findall(r"BUILDLEDGER_\w+", file.read_text())) == {TOKEN_VARIABLE}


def test_what_is_left_out_has_a_default() -> None:
    """The server, the name and the state directory are enough."""
    settings = parse(LEAST, {})
    assert settings.work_dir == settings.state_dir / "work"
    assert settings.capacity == AS_CONFIGURED
    assert settings.spool_bytes == DEFAULT_SPOOL_BYTES
    assert (settings.supervisor, settings.on_crash) == ("auto", "continue")
    assert settings.enrollment_token is None
    assert settings.owns_process


def test_the_token_comes_from_the_option_before_the_environment() -> None:
    """An empty variable is none."""
    environment = {TOKEN_VARIABLE: "from-environment"}
    assert parse(LEAST, environment).enrollment_token == "from-environment"
    assert parse([*LEAST, "--token", "typed"], environment).enrollment_token == "typed"
    assert parse(LEAST, {TOKEN_VARIABLE: ""}).enrollment_token is None


def test_labels_are_collected() -> None:
    """A value may hold an equals sign or be empty."""
    assert parse([*LEAST, "--label", "a=b=c", "--label", "d="], {}).labels == {"a": "b=c", "d": ""}


@pytest.mark.parametrize(
    ("option", "value", "complaint"),
    [
        ("--server", "ci.example.org", "HOST:PORT"),
        ("--server", "ci.example.org:0", "HOST:PORT"),
        ("--name", "-x", "letter or digit"),
        ("--label", "=x", "KEY=VALUE"),
        ("--capacity", "0", "at least 1"),
        ("--spool-bytes", "1", "at least 1048576"),
        ("--on-crash", "burn", "continue"),
        ("--stat", "s", "--stat"),
    ],
)
def test_mistakes_are_named(option: str, value: str, complaint: str, capsys: pytest.CaptureFixture[str]) -> None:
    """A command line that makes no sense ends with exit code 2 and says what is wrong."""
    with pytest.raises(SystemExit) as ended:
        parse([*LEAST, f"{option}={value}"], {})
    assert ended.value.code == 2
    assert complaint in capsys.readouterr().err


def test_sockets_and_addresses_are_servers() -> None:
    """A server is reached by name, by address or by a socket of this machine."""
    for server in ("ci.example.org:8011", "[::1]:8011", "unix:/run/buildledger.sock"):
        assert parse(["--server", server, *LEAST[2:]], {}).server == server


def test_the_version_is_the_packages(capsys: pytest.CaptureFixture[str]) -> None:
    """There is one version number for all that is built from this repository."""
    with pytest.raises(SystemExit):
        parse(["--version"], {})
    assert capsys.readouterr().out == f"buildledger-worker {__version__}\n"


def test_every_option_is_explained() -> None:
    """--help has a line for each."""
    assert all(action.help not in (None, "", argparse.SUPPRESS) for action in parser()._actions)
