"""What `serve` prints for whoever started it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import UUID, uuid4

import pytest

from buildledger.api.http.sign_in_codes import read_code
from buildledger.cli.narration import Introduction, Narration
from buildledger.events.build import BuildAssigned, BuildFinished, StepFinished, StepStarted
from buildledger.events.config import ConfigApplied
from buildledger.events.fact import Fact, Metadata, Recorded
from buildledger.events.ids import RequestId
from buildledger.events.request import SourceStamp
from buildledger.events.results import Result

BEGAN = datetime(2026, 1, 1, tzinfo=UTC)
BUILD = UUID(int=7)
TOKEN = "a-token-of-some-length"
URL = "http://127.0.0.1:8010"


def narration(state: Path, *, to_a_person: bool = False) -> tuple[Narration, list[str]]:
    said: list[str] = []
    introduction = Introduction(
        state=state, config=Path("/repo/buildledger.yaml"), to_a_person=to_a_person, notes=["nothing is committed yet"]
    )
    return Narration(introduction, said.append, follows_builds=True), said


def tell(narration: Narration, *facts: Fact) -> None:
    """The facts of one build, a second after each other."""
    for number, fact in enumerate(facts):
        meta = Metadata(recorded_at=BEGAN + timedelta(seconds=number), actor="system", command_id=uuid4())
        narration.happened(
            Recorded(position=number + 1, stream_id=BUILD, version=number + 1, name=fact.NAME, fact=fact, meta=meta)
        )


def assigned() -> BuildAssigned:
    return BuildAssigned(
        builder="python",
        requests=(RequestId(UUID(int=1)),),
        attempt=1,
        worker="here",
        fence=1,
        stamps=(SourceStamp(source="widget", repository="file:///repo", branch="main", revision="be8a6bcecd0011"),),
        reason="first sight of main",
        requested_by="system",
        config_digest="",
    )


def step(index: int, name: str, result: Result, summary: str = "") -> tuple[Fact, Fact]:
    started = StepStarted(step=index, name=name, program="run", program_version=1)
    return started, StepFinished(step=index, result=result, summary=summary)


def test_a_green_build(tmp_path: Path) -> None:
    """What is built, where it can be watched, and that it is green, each a line."""
    told, said = narration(tmp_path)
    told.serves(URL, "127.0.0.1:8011")
    tell(told, assigned(), *step(0, "test", Result.SUCCESS), BuildFinished(result=Result.SUCCESS))
    assert said[1:] == [
        f"… building python: main @ be8a6bcecd  {URL}/builds/{BUILD}",
        "✔ python: main @ be8a6bcecd is green, after 3.0 s",
    ]


def test_a_red_build_names_the_step(tmp_path: Path) -> None:
    """The first step that failed, and why; steps that failed behind it add nothing."""
    told, said = narration(tmp_path)
    told.serves(URL, "127.0.0.1:8011")
    failed = step(0, "build", Result.FAILURE, "could not be started: cargo: no such program")
    tell(told, assigned(), *failed, *step(1, "report", Result.FAILURE), BuildFinished(result=Result.FAILURE))
    assert said[-1] == (
        "✘ python: main @ be8a6bcecd is red in step 'build': could not be started: cargo: no such program, after 5.0 s"
        f"  {URL}/builds/{BUILD}"
    )


@pytest.mark.parametrize("result", Result)
def test_every_end_is_said(tmp_path: Path, result: Result) -> None:
    """However a build ends, there are words for it; the end of one that nobody has told of is no news."""
    told, said = narration(tmp_path)
    tell(told, assigned(), BuildFinished(result=result))
    assert "python: main @ be8a6bcecd" in said[-1]
    tell(told, BuildFinished(result=result))
    assert len(said) == 2


def test_a_changed_configuration(tmp_path: Path) -> None:
    """Whoever mends the file after a red build is told that it counts, and how to build again; the first is no news."""
    told, said = narration(tmp_path)
    tell(told, *(ConfigApplied(revision=number, digest="", text="", origin="") for number in (1, 2)))
    (line,) = said
    assert line.startswith("… the changed configuration is in force: the next commit is built by it, or press Rebuild")


def test_a_log_has_no_link(tmp_path: Path) -> None:
    """Where nobody sits, the place of the token and the command are said, and nothing that would sign in."""
    told, said = narration(tmp_path)
    told.serves(URL, "127.0.0.1:8011")
    assert (
        f"Sign in    with the token in {tmp_path / 'admin-token'}, or by the link that `buildledger sign-in`" in said[0]
    )
    assert "#" not in said[0]
    assert "  Note       nothing is committed yet" in said[0]
    assert "what /repo/buildledger.yaml says" in said[0]


def test_a_terminal_has_a_link(tmp_path: Path) -> None:
    """It holds a code that the server takes, and not the token."""
    (tmp_path / "admin-token").write_text(f"{TOKEN}\n")
    told, said = narration(tmp_path, to_a_person=True)
    told.serves(URL, "127.0.0.1:8011")
    (line,) = [line for line in said[0].splitlines() if line.startswith(f"  Sign in    {URL}/#token=")]
    assert read_code(TOKEN, line.partition("#token=")[2], datetime.now(UTC)) is not None
    assert TOKEN not in said[0]


def test_a_server_without_an_api(tmp_path: Path) -> None:
    """It speaks of no address, and of no way to sign in."""
    told, said = narration(tmp_path, to_a_person=True)
    told.serves("", "127.0.0.1:8011")
    assert "serves no API, workers at 127.0.0.1:8011" in said[0]
    assert "Sign in" not in said[0]
