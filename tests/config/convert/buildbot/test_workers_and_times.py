"""Workers on demand and on Windows, set times that ask what has changed, locks that are held twice."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from buildledger.config.convert.buildbot.account import Kind, Status
from buildledger.config.convert.buildbot.steps.windows import are_windows
from buildledger.config.machines import KubernetesStart
from buildledger.config.resolved import CronTrigger
from tests.config.convert.buildbot.conftest import Convert, Converted

FILES = Path(__file__).parent / "files"


@pytest.fixture(scope="module")
def site(converted: Convert) -> Converted:
    """Something of every kind."""
    return converted((FILES / "everything.cfg").read_text())


def remarks(site: Converted, kind: Kind, name: str) -> dict[str, str]:
    """What is said of the only thing with this name."""
    return {remark.what: remark.why for remark in site.entry(kind, name).remarks}


def test_pods_are_elastic_workers(site: Converted) -> None:
    """They are started by the same means, with the server's address of before; their image has to be another."""
    start: Any = site.configuration.workers["pod"].start
    assert (type(start), start.server, start.namespace) == (KubernetesStart, "ci.example.org:8011", "ci")
    assert "starts Buildbot's worker" in remarks(site, Kind.WORKERS, "pod")["image"]


def test_other_machines_are_said(site: Converted) -> None:
    """A worker that nothing starts isn't whole."""
    assert site.entry(Kind.WORKERS, "machine").status is Status.PARTIAL
    assert "aren't started by the server" in remarks(site, Kind.WORKERS, "machine")["start"]


def test_scripts_for_windows(site: Converted) -> None:
    """What is made up is for `cmd.exe`; a script that values would have to be put into is refused."""
    steps: dict[str, Any] = {step.name: step for step in site.builder("on-windows").steps}
    assert steps["MakeDirectory"].script == 'if not exist "out" mkdir "out"'
    assert steps["read HOME"].argv == ("cmd", "/c", "echo %HOME%")
    assert not [step for step in site.builder("on-windows").steps if "set +e" in str(step)]
    assert "`cmd.exe` would read them as commands" in site.conversion.unconverted


@pytest.mark.parametrize(
    ("workers", "labels", "windows"),
    [
        (["win-1", "bolen-windows10"], [], True),
        (["kloth-win64"], [], True),
        (["darwin-1"], [], False),
        (["win-1", "linux"], [], False),
        (["winner"], [], False),
        (["one"], ["Windows"], True),
    ],
)
def test_what_tells_windows(workers: list[str], labels: list[str], *, windows: bool) -> None:
    """All workers of a builder have to be Windows, by their names or a property of all of them."""
    assert are_windows(workers, labels) is windows


def test_set_times_that_ask_what_has_changed(site: Converted) -> None:
    """The branch of the filter is the trigger's; which files count, and the filter's other keys, are noted."""
    trigger = site.configuration.triggers["nightly"]
    assert isinstance(trigger, CronTrigger)
    assert (trigger.only_if_changed, trigger.branch) == (True, "main")
    said = remarks(site, Kind.SCHEDULERS, "nightly")
    assert "isn't asked" in said["fileIsImportant"]
    assert "project_re" in said["change_filter"]


def test_an_address_made_of_properties(site: Converted) -> None:
    """It is what they come to, and so is the branch; both are said."""
    source = site.configuration.sources["widget"]
    assert (source.url, source.default_branch) == ("https://example.org/widget.git", "main")


def test_a_step_never_waits_for_its_builder(converted: Convert) -> None:
    """A lock that the builder holds isn't taken by its steps: the result passes the check."""
    options = converted((FILES / "options.cfg").read_text())
    assert options.configuration.builders["b"].locks
    assert not any(step.locks for step in options.builder("b").steps)
