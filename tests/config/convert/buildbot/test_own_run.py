"""Steps whose class has a `run` of its own: what its base does is converted where it is certain, else it is named."""

from __future__ import annotations

from pathlib import Path

import pytest

from buildledger.config.convert.buildbot.account import Kind, Status
from tests.config.convert.buildbot.conftest import Convert, Converted

SITE = (Path(__file__).parent / "files" / "classes.cfg").read_text()


@pytest.fixture(scope="module")
def site(converted: Convert) -> Converted:
    """All classes in one builder."""
    return converted(SITE)


@pytest.mark.parametrize(
    ("name", "status", "said"),
    [
        ("Wraps", Status.NOTED, "only has its base do the work"),
        ("After", Status.PARTIAL, "not what else that does (setProperty)"),
        ("Softened", Status.PARTIAL, "a result of its own"),
        ("Sometimes", Status.UNCONVERTED, "has its own run()"),
        ("Chosen", Status.UNCONVERTED, "has its own run()"),
        ("Reports", Status.PARTIAL, "its command is run, once, but not what else that does (addLog, finish)"),
        ("Plain", Status.NOTED, "only has its base do the work"),
        ("Again", Status.PARTIAL, "its repetition"),
        ("OtherCommand", Status.UNCONVERTED, "has its own run()"),
        ("Nothing", Status.UNCONVERTED, "what a step of the class Nothing"),
    ],
)
def test_what_becomes_of_a_class(site: Converted, name: str, status: Status, said: str) -> None:
    """It is named with the line that begins it, and what is lost of it is said."""
    entry = site.entry(Kind.STEPS, f"'{name.lower()}'")
    assert entry.status is status
    remark = next(remark for remark in entry.remarks if said in remark.why)
    lines = (site.file.parent / "master.cfg").read_text().splitlines()
    line = next(number for number, each in enumerate(lines, start=1) if each.startswith(f"class {name}("))
    assert f"line {line} of master.cfg" in remark.why


def test_what_run_sets_is_taken(site: Converted) -> None:
    """Attributes that `run` sets to plain values before its base does the work are the step's."""
    step = site.step("classes", 0)
    assert (step.argv, step.env, step.timeout.no_output_seconds) == (("make",), {"MODE": "fast"}, 90.0)
    names = [each.name for each in site.builder("classes").steps]
    assert names == ["wraps", "after", "softened", "reports", "plain", "again"]
