"""How commands end on Windows: by themselves, when a build is stopped, in time, or because they never began."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.wine.site import Site, WindowsWorker, configuration
from tests.wine.windows import Windows, processes, windows_path

pytestmark = pytest.mark.xdist_group("wine")

WORKER = "endings"
ROUNDS = 3


def builders(play: list[str]) -> dict[str, tuple[str, dict[str, Any]]]:
    """Builders of one step. The last word of a command line is for finding its processes."""
    steps: dict[str, dict[str, Any]] = {
        "catch": {"run": [*play, "catch", "end-catch"]},
        "tree": {"run": [*play, "ignoring tree", "4", "end-tree"]},
        "late": {"run": [*play, "ignoring tree", "3", "end-late"], "timeout": "1s"},
        "leave": {"run": [*play, "leave", "end-leave"]},
        "missing": {"run": ["no such\\program.exe", "x"]},
        "long": {"run": [*play, "print", *["x" * 4000] * 9]},
        "long script": {"script": "echo " + "x" * 9000},
        "hurry": {"run": [*play, "tree", "3", "end-hurry"]},
    }
    return {name.replace(" ", "-"): (WORKER, {"steps": [step], "collapse": "never"}) for name, step in steps.items()}


@pytest.fixture(scope="module")
def site(
    windows: Windows, worker_program: Path, checks: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Site]:
    """A server with a Windows worker."""
    directory = tmp_path_factory.mktemp("endings")
    play = [windows_path(checks / "processes.test.exe"), "__child"]
    with (
        Site(directory / "site", configuration(builders(play))) as the_site,
        WindowsWorker(the_site, windows, worker_program, WORKER, directory / "worker").running(),
    ):
        yield the_site


def operation(site: Site, build: str) -> dict[str, Any]:
    """The one operation of a build that is over."""
    found: dict[str, Any] = site.get(f"/builds/{build}")["steps"][0]["operations"][0]
    return found


def wait_for(site: Site, word: str, count: int) -> None:
    """Wait until so many processes of a command are there."""
    site.wait_until(lambda: len(processes(word)) >= count, f"{count} processes of {word} run")


def test_control_c_gives_a_command_time_to_end(site: Site) -> None:
    """A stopped build's command hears Ctrl-C and ends as it likes: with an exit code of its own."""
    build = site.build_of(site.force("catch"))
    site.wait_until(lambda: b"ready" in b"".join(site.logs_of(build).values()), "the command listens")
    site.stop(build)
    assert site.result_of(build) == "cancelled"
    assert operation(site, build)["exit_code"] == 9
    assert processes("end-catch") == []


def test_a_deaf_tree_is_killed_whole(site: Site) -> None:
    """Four levels that ignore Ctrl-C are gone when the stopped build is over."""
    build = site.build_of(site.force("tree"))
    wait_for(site, "end-tree", 4)
    site.stop(build)
    assert site.result_of(build) == "cancelled"
    assert processes("end-tree") == []


def test_a_tree_ends_in_time(site: Site) -> None:
    """A time limit ends all of a tree, and is said to have done so."""
    build = site.build_of(site.force("late"))
    assert site.result_of(build) == "failure"
    assert operation(site, build)["ended"] == "max_time"
    assert processes("end-late") == []


def test_nothing_is_left_behind(site: Site) -> None:
    """A process that outlives its step is killed with the step, which has succeeded."""
    build = site.build_of(site.force("leave"))
    assert site.result_of(build) == "success"
    assert processes("end-leave") == []


@pytest.mark.parametrize(
    ("builder", "part"),
    [("missing", 'there is no program "no such\\program.exe"'), ("long", "32766"), ("long-script", "8191")],
)
def test_what_cannot_be_started_is_said(site: Site, builder: str, part: str) -> None:
    """The step says what is wrong, and the worker goes on."""
    build = site.build_of(site.force(builder))
    assert site.result_of(build) in {"failure", "exception"}
    assert part in operation(site, build)["detail"]


def test_a_build_stopped_while_its_command_starts(site: Site) -> None:
    """However early a build is stopped, it ends and leaves nothing."""
    for _ in range(ROUNDS):
        build = site.build_of(site.force("hurry"))
        site.stop(build)
        assert site.result_of(build) == "cancelled"
    assert processes("end-hurry") == []
