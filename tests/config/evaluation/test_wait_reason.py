"""Why a request waits: the first reason that holds, in the order in which the scheduler asks."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

import msgspec
import pytest

from buildledger.config.evaluation.evaluate import WorkerView
from buildledger.config.evaluation.placement import Candidate, RunningBuild
from buildledger.config.evaluation.wait_reason import Situation, WaitReason
from buildledger.config.lock_uses import LockUse
from buildledger.events.request import SourceStamp
from buildledger.testing.configuration import load_text

LINUX = {"os": "linux"}
CONFIGURATION = load_text(
    """
version: 1
sources: {widget: {git: "https://git.example/widget.git"}}
workers: {w1: {labels: {os: linux}}}
locks: {database: {count: 2}, board: {count: 1}}
builders:
  docs: {steps: [{run: [make]}]}
  lint: {worker: worker.labels.os == 'linux', locks: [database], steps: [{run: [make]}]}
  migration: {worker: worker.labels.os == 'linux', locks: [{lock: database, take: 2}], steps: [{run: [make]}]}
  release:
    worker: worker.labels.os == 'linux' && change.branch == 'main'
    steps: [{run: [make]}]
  large: {worker: worker.labels.os == 'linux' && worker.capacity > 4, steps: [{run: [make]}]}
  tests:
    matrix: {axes: {os: [linux, arm]}}
    worker: worker.labels.os == matrix.os
    steps: [{run: [make]}]
  flash:
    inputs: {board: {type: string, default: a}}
    worker: worker.labels.board == inputs.board
    steps: [{run: [make]}]
  vendored: {worker: "worker.labels.os == 'linux' && change.files.exists(f, f == 'go.mod')", steps: [{run: [make]}]}
""",
    secrets_required=False,
)


def worker(name: str, *, labels: Mapping[str, str] = LINUX, capacity: int = 1, **options: Any) -> Candidate:
    """A connected worker with room for one build."""
    return Candidate(view=WorkerView(name=name, labels=labels, capacity=capacity), **({"connected": True} | options))


def running(builder: str, number: int, lock: str = "database", take: int = 1) -> RunningBuild:
    """A build that holds a lock."""
    return RunningBuild(UUID(int=number), builder, number, (LockUse(lock=lock, take=take),))


def why(
    builder: str,
    *workers: Candidate,
    running: tuple[RunningBuild, ...] = (),
    branch: str = "main",
    files: tuple[str, ...] = (),
    inputs: Mapping[str, Any] | None = None,
) -> WaitReason:
    """The reason of a request for a builder of the configuration above."""
    stamps = (SourceStamp(source="widget", repository="", branch=branch),)
    return Situation(CONFIGURATION, workers, running).why(builder, stamps, inputs or {}, lambda: files)


@pytest.mark.parametrize(
    ("workers", "code", "text", "about"),
    [
        ((), "no_worker_fits", "no worker is configured", ()),
        (
            (worker("mac", labels={"os": "darwin"}), worker("bare", labels={})),
            "no_worker_fits",
            "no configured worker fits: worker.labels.os == 'linux'",
            (),
        ),
        (
            (worker("w1", connected=False),),
            "no_worker_connected",
            "worker w1, the only one that fits, is not connected",
            ("w1",),
        ),
        (
            (worker("w1", paused=True), worker("w2", connected=False)),
            "workers_paused",
            "no worker that fits is free: w1 is paused; w2 is not connected",
            ("w1",),
        ),
        (
            (worker("w1", connected=False, starting=True), worker("w2", connected=False)),
            "worker_starting",
            "worker w1 is being started",
            ("w1",),
        ),
        (
            (worker("w1", used=1), worker("w2", connected=False, starting=True)),
            "worker_starting",
            "worker w2 is being started",
            ("w2",),
        ),
        (
            (worker("w1", connected=False, quarantined="no image"),),
            "workers_quarantined",
            "worker w1, the only one that fits, can't be started (no image)",
            ("w1",),
        ),
        (
            (worker("w1", stopping=True), worker("w2", revoked=True)),
            "workers_paused",
            "no worker that fits is free: w1 is being stopped; w2 is revoked",
            ("w1", "w2"),
        ),
        (
            (worker("w2", used=1), worker("w1", used=1)),
            "workers_busy",
            "all 2 workers that fit are busy: w1 and w2",
            ("w1", "w2"),
        ),
        (
            (worker("w1", used=1), worker("w2", paused=True), worker("w3", connected=False), worker("w4", paused=True)),
            "workers_busy",
            "no worker that fits is free: w1 is busy; w2 and w4 are paused; w3 is not connected",
            ("w1",),
        ),
        ((worker("w1", used=1), worker("w2")), "next", "it will be assigned in a moment", ("w2",)),
    ],
)
def test_the_first_reason_that_holds(
    workers: tuple[Candidate, ...], code: str, text: str, about: tuple[str, ...]
) -> None:
    """Each state of the workers has its own reason, which names whom it is about."""
    assert why("lint", *workers) == WaitReason(
        code,  # type: ignore[arg-type]
        text,
        about,
        condition="worker.labels.os == 'linux'" if "fits:" in text else "",
    )


def test_only_some_workers_are_named_in_the_text() -> None:
    """The number of the others is given, and the list has all."""
    reason = why("docs", *(worker(f"w{number}", used=1) for number in range(9)))
    assert reason.text == "all 9 workers that fit are busy: w0, w1, w2, w3, w4 and 4 more"
    assert len(reason.workers) == 9


def test_a_lock_is_named_with_the_builds_that_hold_it() -> None:
    """Those that hold another lock aren't."""
    held = (running("integration", 8), running("lint", 3), running("flash", 1, "board"))
    reason = why("lint", worker("w1"), running=held)
    assert (reason.code, reason.lock) == ("lock_held", "database")
    assert reason.text == "the lock database is held by integration #8 and lint #3"
    assert [(build.builder, build.number) for build in reason.held_by] == [("integration", 8), ("lint", 3)]


def test_a_lock_may_be_partly_free() -> None:
    """A builder that takes more of it than is left waits, and hears how much is left."""
    assert why("lint", worker("w1"), running=(running("lint", 3),)).code == "next"
    reason = why("migration", worker("w1"), running=(running("lint", 3),))
    assert reason.text == "the lock database is held by lint #3, and 1 of the 2 that it takes are free"


def test_a_lock_is_named_even_if_the_workers_are_the_first_reason() -> None:
    """Both have to change before the request is assigned."""
    reason = why("lint", worker("w1", used=1), running=(running("lint", 3, take=2),))
    assert (reason.code, reason.workers, reason.lock) == ("workers_busy", ("w1",), "database")
    assert reason.text == "worker w1, the only one that fits, is busy; the lock database is held by lint #3"


def test_the_part_of_the_condition_that_fails_is_named() -> None:
    """Whether it is about the worker, the request, or the worker that fits best."""
    known = worker("w1"), worker("w2", labels={"os": "windows"}, capacity=8)
    assert why("release", *known, branch="topic").condition == "change.branch == 'main'"
    assert why("release", *known, branch="topic").text == (
        "for this request the condition does not hold: change.branch == 'main'"
    )
    assert why("release", *known).code == "next"
    large = why("large", worker("w1"), worker("w3", labels={"os": "windows"}), worker("w2", labels={}, capacity=8))
    assert (large.condition, large.workers) == ("worker.capacity > 4", ("w1",))
    assert large.text == (
        "no configured worker fits; w1 is nearest, but for it this does not hold: worker.capacity > 4"
    )


def test_matrix_inputs_and_changed_files_count() -> None:
    """A condition over them is met by the workers that meet it for this request."""
    known = worker("w1"), worker("w2", labels={"os": "arm", "board": "b"})
    assert why("tests[arm]", *known).workers == ("w2",)
    assert why("tests[linux]", *known).workers == ("w1",)
    assert why("flash", *known).code == "no_worker_fits"
    assert why("flash", *known, inputs={"board": "b"}).workers == ("w2",)
    assert why("vendored", *known, files=("go.mod",)).code == "next"
    assert why("vendored", *known, files=("a.c",)).condition == "change.files.exists(f, f == 'go.mod')"


def test_a_builder_that_nobody_configures_waits_for_the_configuration() -> None:
    """Without its builder in the configuration, or without any, a request says so."""
    assert why("gone", worker("w1")).code == "builder_not_configured"
    assert Situation(None, (), ()).why("docs", (), {}, tuple).code == "builder_not_configured"


def test_what_no_worker_offers_is_named() -> None:
    """Workers that the condition fits and that lack what the steps need are named, with what they lack."""
    plain = worker("w1")
    lacking = msgspec.structs.replace(plain, view=msgspec.structs.replace(plain.view, features=frozenset({"timeouts"})))
    reason = why("large", worker("w2", labels={"os": "arm"}), lacking)
    assert reason.code == "no_worker_fits"
    reason = why("docs", lacking)
    assert (reason.code, reason.workers) == ("no_worker_fits", ("w1",))
    assert reason.text == "no worker offers what its steps need: w1 doesn't offer log_limit; update it"
    assert why("docs", plain).code == "next"


def test_who_else_waits_is_looked_up_once() -> None:
    """However many requests wait for reserved locks: the reasons of a thousand cost one look at the queue."""
    looks: list[None] = []

    def waiting() -> list[tuple[str, str | None]]:
        looks.append(None)
        return [("lint", None), ("migration", None)]

    held = RunningBuild(UUID(int=1), "lint", 1, (LockUse(lock="database"),))
    others = {**CONFIGURATION.builders, "other": msgspec.structs.replace(CONFIGURATION.builders["lint"], name="other")}
    two = msgspec.structs.replace(CONFIGURATION, builders=others)
    stamps = (SourceStamp(source="widget", repository="", branch="main"),)
    situation = Situation(two, [worker("w1"), worker("w2")], [held], waiting)
    reasons = [situation.why(name, stamps, {}, tuple) for name in ("lint", "other", "migration")]
    assert [reason.code for reason in reasons] == ["lock_held"] * 3
    assert "reserved for a build of migration" in reasons[0].text
    assert len(looks) == 1
