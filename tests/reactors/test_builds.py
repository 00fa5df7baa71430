"""Builds are driven from their assignment to their end."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from buildledger.domain.build import StopBuild
from buildledger.events.build import (
    BuildAssigned,
    BuildFinished,
    OperationRequested,
    PropertySet,
    StepFinished,
    StepStarted,
)
from buildledger.events.ids import BuildId
from buildledger.events.operation import Ended, Run, Text
from buildledger.events.results import Result
from buildledger.reactors.scheduling.retry_pauses import RETRY_PAUSE_SECONDS
from buildledger.steps import registry
from buildledger.steps.program import StepProgram
from tests.reactors.world import FAILED, SIMPLE, World, with_config, world

HEAD = SIMPLE.partition("builders:")[0]
THREE_STEPS = (
    HEAD
    + """
builders:
  tests:
    properties: {flavour: plain}
    steps:
      - run: [make]
        name: make
        env: {FLAVOUR: {property: flavour}, BRANCH: {expr: change.branch}}
      - set_property: version
        name: version
        run: [git, describe]
      - run: [publish, {property: version}]
        name: publish
        when: change.branch == 'main'
      - run: [rm, -rf, build]
        name: clean
        always_run: true
"""
)


def build_of(w: World) -> BuildId:
    return BuildId(w.recorded(BuildAssigned)[-1].stream_id)


def runs(w: World) -> list[Run]:
    return [fact.spec for fact in w.facts(OperationRequested) if isinstance(fact.spec, Run)]


async def test_a_one_step_build_from_request_to_answer(tmp_path: Path) -> None:
    """A trivial build costs ten facts, logs apart, in four transactions, and its request is answered."""
    async with world(tmp_path) as w:
        before = w.ledger.head()
        request = await w.force()
        await w.finish_all()
        assert w.answers() == {request: Result.SUCCESS}
        recorded = [each for each in w.recorded() if each.position > before]
        assert [each.name.removesuffix(".v1") for each in recorded] == [
            "request.submitted.v2",
            "request.claimed",
            "build.assigned",
            "build.step_started",
            "build.operation_requested",
            "build.operation_started",
            "build.operation_finished",
            "build.step_finished",
            "build.finished",
            "request.finished",
        ]
        assert len({each.meta.command_id for each in recorded}) == 4
        assert {each.meta.correlation_id for each in recorded[1:5]} == {request}


async def test_steps_follow_each_other_and_know_what_was_learnt(tmp_path: Path) -> None:
    """Properties of the builder and of earlier steps, and the change, reach the commands."""
    async with world(tmp_path, THREE_STEPS) as w:
        await w.force()
        await w.finish()
        await w.finish(Ended(reason="exited", exit_code=0, text="1.2-3\n"))
        await w.finish_all()
        make, _, publish, clean = runs(w)
        assert make.env == {"FLAVOUR": Text("plain"), "BRANCH": Text("main")}
        assert publish.argv == ("publish", "1.2-3")
        assert clean.argv == ("rm", "-rf", "build")
        assert [(fact.name, fact.value) for fact in w.facts(PropertySet)] == [
            ("flavour", "plain"),
            ("version", "1.2-3"),
        ]
        assert w.results() == [Result.SUCCESS]


async def test_a_step_is_skipped_when_its_condition_says_so(tmp_path: Path) -> None:
    """The skipped step is in the ledger as skipped, and the build goes on."""
    text = THREE_STEPS.replace("change.branch == 'main'", "change.branch != 'main'")
    async with world(tmp_path, text) as w:
        await w.force()
        await w.finish_all(Ended(reason="exited", exit_code=0, text="1"))
        assert w.step_results() == [(0, Result.SUCCESS), (1, Result.SUCCESS), (2, Result.SKIPPED), (3, Result.SUCCESS)]
        assert w.results() == [Result.SUCCESS]


async def test_a_skipped_step_says_what_kept_it(tmp_path: Path) -> None:
    """The part of its `when` that fails, with what the variables in it stood for: properties, inputs and all."""
    when = "build.result == 'success' && properties.flavour == 'fancy' && change.branch == 'main'"
    text = THREE_STEPS.replace("change.branch == 'main'", when)
    async with world(tmp_path, text) as w:
        await w.force()
        await w.finish_all(Ended(reason="exited", exit_code=0, text="1"))
        assert [fact.summary for fact in w.facts(StepFinished) if fact.result is Result.SKIPPED] == [
            "its `when` does not hold: properties.flavour == 'fancy' (properties.flavour is plain)"
        ]


async def test_a_step_that_a_failure_or_a_stop_kept_says_so(tmp_path: Path) -> None:
    """Not its `when`, which wasn't asked: the step that failed, by name, or that somebody stopped the build."""
    async with world(tmp_path, THREE_STEPS) as w:
        await w.force()
        await w.finish(FAILED)
        await w.finish_all()
        await w.force()
        await w.do(StopBuild(build_id=build_of(w), reason="superseded"))
        await w.finish(Ended(reason="cancel"))
        await w.finish_all()
        assert [fact.summary for fact in w.facts(StepFinished) if fact.result is Result.SKIPPED] == [
            *["not run: make failed before it"] * 2,
            *["not run: the build was being stopped"] * 2,
        ]


async def test_after_a_failure_only_what_always_runs_is_run(tmp_path: Path) -> None:
    """The steps between are skipped, the last one cleans up, and the build says which step failed."""
    async with world(tmp_path, THREE_STEPS) as w:
        await w.force()
        await w.finish(FAILED)
        await w.finish_all()
        assert w.step_results() == [(0, Result.FAILURE), (1, Result.SKIPPED), (2, Result.SKIPPED), (3, Result.SUCCESS)]
        assert w.facts(BuildFinished) == [BuildFinished(result=Result.FAILURE, summary="make: exit code 1")]


async def test_the_summary_is_of_the_step_that_decided(tmp_path: Path) -> None:
    """Not of one before it that only warned; of a build that was stopped after one had warned it says that."""
    text = THREE_STEPS.replace("name: make\n", "name: make\n        on_failure: warn\n")
    async with world(tmp_path, text) as w:
        await w.force()
        await w.finish(FAILED)
        await w.finish_all(FAILED)
        await w.force()
        await w.finish(FAILED)
        await w.do(StopBuild(build_id=build_of(w), reason="superseded"))
        await w.finish_all(Ended(reason="exited", exit_code=0, text="1"))
        assert [(fact.result, fact.summary) for fact in w.facts(BuildFinished)] == [
            (Result.FAILURE, "version: exit code 1"),
            (Result.CANCELLED, "stopped on request"),
        ]


async def test_a_build_that_is_stopped_in_mid_step(tmp_path: Path) -> None:
    """The gateway ends the operation as cancelled; then only what always runs is run, and the build is cancelled."""
    async with world(tmp_path, THREE_STEPS) as w:
        request = await w.force()
        await w.do(StopBuild(build_id=build_of(w), reason="superseded"))
        assert w.results() == []
        await w.finish(Ended(reason="cancel"))
        (clean,) = w.open_operations()
        assert clean.position > w.recorded(StepFinished)[0].position
        await w.finish_all()
        assert w.step_results() == [
            (0, Result.CANCELLED),
            (1, Result.SKIPPED),
            (2, Result.SKIPPED),
            (3, Result.SUCCESS),
        ]
        assert w.answers() == {request: Result.CANCELLED}


async def test_a_stop_that_comes_too_late_for_the_operation_still_stops_the_build(tmp_path: Path) -> None:
    """An operation that succeeds all the same is the last one but for what always runs."""
    async with world(tmp_path, THREE_STEPS) as w:
        await w.force()
        await w.do(StopBuild(build_id=build_of(w), reason="superseded"))
        await w.finish_all()
        assert w.step_results()[0] == (0, Result.SUCCESS)
        assert len(runs(w)) == 2
        assert w.results() == [Result.CANCELLED]


async def test_a_value_that_can_not_be_had_ends_the_step_as_an_exception(tmp_path: Path) -> None:
    """The configuration is to blame: the build is not tried again."""
    text = HEAD + "\nbuilders:\n  tests: {steps: [{run: [echo, {property: nowhere}]}]}\n"
    text = text.replace("{property: nowhere}", '{expr: "change.files[7]"}')
    async with world(tmp_path, text) as w:
        request = await w.force()
        assert w.answers() == {request: Result.EXCEPTION}
        (finished,) = w.facts(StepFinished)
        assert "change.files[7]" in finished.summary


async def test_a_build_number_is_known_to_the_commands(tmp_path: Path) -> None:
    """Each builder counts its own builds, and a command may depend on the number."""
    text = HEAD + "\nbuilders:\n  tests: {steps: [{run: [echo], env: {N: {expr: build.number}}}]}\n"
    async with world(tmp_path, text) as w:
        for _ in range(3):
            await w.force()
            await w.finish_all()
        assert [run.env["N"] for run in runs(w)] == [Text("1"), Text("2"), Text("3")]


async def test_a_restart_in_mid_step_awaits_the_same_operation(tmp_path: Path) -> None:
    """The program is replayed to where it was; nothing is asked for twice."""
    async with world(tmp_path, THREE_STEPS) as w:
        await w.force()
        await w.finish()
        before = w.ledger.head()
        await w.restart()
        assert w.ledger.head() == before
        await w.finish_all(Ended(reason="exited", exit_code=0, text="1"))
        assert len(runs(w)) == 4
        assert w.results() == [Result.SUCCESS]


@pytest.fixture
def another_version(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Lets this server have another version of every step program."""

    def change() -> None:
        for step, known in list(registry.PROGRAMS.items()):
            other = StepProgram(name=known.name, version=known.version + 1, start=known.start)
            monkeypatch.setitem(registry.PROGRAMS, step, other)

    return change


async def test_a_step_of_another_program_version_is_not_replayed(tmp_path: Path, another_version: Any) -> None:
    """It waits for the operation in flight, ends as an exception that says so, and the build is tried again."""
    async with world(tmp_path) as w:
        request = await w.force()
        another_version()
        await w.restart()
        assert w.results() == []
        await w.finish()
        assert w.facts(StepFinished)[0].result is Result.EXCEPTION
        assert "step program changed" in w.facts(StepFinished)[0].summary
        assert w.results() == [Result.RETRY]
        await w.pass_time(RETRY_PAUSE_SECONDS[0])
        await w.finish_all()
        first, second = [fact.program_version for fact in w.facts(StepStarted)]
        assert second == first + 1
        assert w.answers() == {request: Result.SUCCESS}


async def test_a_running_build_never_notices_another_configuration(tmp_path: Path) -> None:
    """It goes on with the steps it was assigned with."""
    async with world(tmp_path, THREE_STEPS) as w:
        await w.force()
        await w.apply(with_config(SIMPLE))
        await w.finish_all(Ended(reason="exited", exit_code=0, text="1"))
        assert len(runs(w)) == 4
        await w.force()
        await w.finish_all()
        assert len(runs(w)) == 5
