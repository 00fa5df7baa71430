"""Functions over properties become expressions, and those that are more than that are named with their line."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from buildledger.config.convert.buildbot.account import Kind, Status
from buildledger.config.values import Expression
from tests.config.convert.buildbot.conftest import Convert, Converted

SITE = (Path(__file__).parent / "files" / "functions.cfg").read_text()
WINDOWS = "inputs.platform in ['win32', 'win64']"


@pytest.fixture(scope="module")
def site(converted: Convert) -> Converted:
    """All functions in one builder."""
    return converted(SITE)


def step(site: Converted, name: str) -> Any:
    """The step of this name."""
    return next(each for each in site.builder("functions").steps if each.name == name)


@pytest.mark.parametrize(
    ("name", "when"),
    [
        ("flag none", None),
        ("flag set", "build.builder.contains('mac')"),
        ("options empty", "false"),
        ("helper", WINDOWS),
        ("two lambdas", f"!({WINDOWS})"),
    ],
)
def test_conditions_are_worked_out(site: Converted, name: str, when: str | None) -> None:
    """What a function was made with is known; helpers that it calls are read; only what a build knows is left."""
    found = step(site, name).when
    assert (found.source if isinstance(found, Expression) else found) == when


def test_renderers_are_values(site: Converted) -> None:
    """A renderer gives arguments, or a text; a branch on a property becomes a choice."""
    assert step(site, "program").argv == (Expression(f"{WINDOWS} ? 'bin/tool.exe' : 'bin/tool'"), "run")
    assert step(site, "named").argv[1] == Expression(
        f"build.builder + '-' + inputs.platform + ({WINDOWS} ? '.zip' : '.tar.gz')"
    )


def test_transforms_are_worked_out(site: Converted) -> None:
    """Paths below the build's directory, look-ups in data, functions of Python's own."""
    assert step(site, "below").script == 'cmake -B "$PWD"/out'
    assert step(site, "lookup").argv[2] == "none"
    assert step(site, "merged").argv[1] == Expression("'v' + inputs.platform")


@pytest.mark.parametrize(
    ("name", "said"), [("hidden'", "the renderer 'hidden'"), ("hidden t", "Transform of a lambda")]
)
def test_what_is_more_is_named(site: Converted, name: str, said: str) -> None:
    """It is not guessed: a loop over all properties and a file that is read are said by name and line."""
    entry = site.entry(Kind.STEPS, name)
    assert entry.status is Status.UNCONVERTED
    assert said in entry.remarks[0].why
    assert "of master.cfg" in entry.remarks[0].why
