"""Builds by builders that a step has generated."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from buildledger.config import limits
from buildledger.domain.build import ObtainRevision, StopBuild
from buildledger.events.build import BuildAssigned, OperationRequested, StepFinished
from buildledger.events.ids import BuildId, change_id
from buildledger.events.operation import Ended, Run
from buildledger.events.pipeline import PipelineDefined
from buildledger.events.request import RequestFinished, RequestSubmitted
from buildledger.events.results import Result
from tests.reactors.generating import read, reads, write
from tests.reactors.world import World, with_config, world

CENTRAL = """
version: 1
sources: {widget: {git: "https://git.example/widget.git", default_branch: main}}
workers: {w1: {capacity: 8}, w2: {capacity: 8}}
locks: {board: {count: 1}}
builders:
  plan:
    steps:
      - {run: [prepare]}
      - {generate: [plan], name: plan, GRANTS}
      - {run: [after]}
triggers:
  - {on: change, source: widget, build: [plan]}
"""
ALL = "may_define: [builders, matrix, when, worker, generate], grants: {locks: [board], secrets: [pypi]}"
TWO = json.dumps({"version": 1, "builders": {name: {"steps": [{"run": [name]}]} for name in ("unit", "lint")}})


def central(grants: str = ALL) -> str:
    """A configuration whose step grants this."""
    return CENTRAL.replace("GRANTS", grants)


def generated(w: World) -> list[RequestSubmitted]:
    """The requests for builds by builders that were generated."""
    return [fact for fact in w.facts(RequestSubmitted) if fact.parent_step is not None]


def plans(w: World) -> list[tuple[Result, str]]:
    """How the generating steps have ended."""
    return [(fact.result, fact.summary) for fact in w.facts(StepFinished) if fact.step == 1]


async def begun(w: World) -> BuildId:
    """A change, whose build has come to its generating step."""
    await w.push("a" * 40, "src/x.py")
    build = BuildId(w.recorded(BuildAssigned)[0].stream_id)
    await w.command(ObtainRevision(build_id=build, source="widget", revision="a" * 40))
    await w.finish()
    return build


async def test_what_is_generated_is_built_of_the_same_change(tmp_path: Path) -> None:
    """Each builder once, while the build goes on; every request says which step of which build generated it."""
    async with world(tmp_path, central()) as w:
        build = await begun(w)
        await write(w, TWO)
        await w.finish_all()
        requests = generated(w)
        assert [request.builder for request in requests] == ["plan:unit", "plan:lint"]
        (pipeline,) = w.facts(PipelineDefined)
        for request in requests:
            assert (request.parent_build, request.parent_step) == (build, 1)
            assert (request.pipeline, request.config_digest) == (pipeline.digest, w.configuration.digest)
            assert request.changes == (change_id("widget", "a" * 40),)
            assert [(stamp.source, stamp.revision) for stamp in request.stamps] == [("widget", "a" * 40)]
        assert set(w.answers().values()) == {Result.SUCCESS}
        assert sorted(w.builders()) == ["plan", "plan:lint", "plan:unit"]
        assert pipeline.builder == "plan"
        assert plans(w) == [(Result.SUCCESS, "2 builders generated")]


async def test_a_program_that_fails_generates_nothing(tmp_path: Path) -> None:
    """Whatever it has written until then."""
    async with world(tmp_path, central()) as w:
        await begun(w)
        await w.finish(Ended(reason="exited", exit_code=3, text=TWO))
        assert plans(w) == [(Result.FAILURE, "exit code 3")]
        assert (generated(w), reads(w)) == ([], 0)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (
            "",
            "<stdout of plan>:1:1: what the step has generated is empty (begin with 'version: 1')",
        ),
        ("{", "<stdout of plan>:1:2: "),
        ("version: 1\nbuilders: {u: {steps: [{runn: [x]}]}}", "<stdout of plan>:2:25: "),
        ("version: 1\nbuilders: {u: {steps: [{run: [x]}]}, u: {steps: [{run: [y]}]}}", "<stdout of plan>:2:38: "),
        ("version: 1\nlocks: {mine: {}}", "<stdout of plan>:2:1: 'locks' can't stand in what a step generates"),
        ("version: 1\nbuilders: {u: {steps: [{run: [\ufffd]}]}}", "isn't UTF-8"),
        ("version: 1\nbuilders: {u: {steps: [{checkout: widget}]}}", "the source 'widget' isn't granted to this step"),
    ],
)
async def test_wrong_text_fails_the_step_and_says_where(tmp_path: Path, text: str, says: str) -> None:
    """Nothing of it is built, not even what is right in it, and the build goes on as its steps say."""
    async with world(tmp_path, central()) as w:
        await begun(w)
        await write(w, text)
        ((result, summary),) = plans(w)
        assert result is Result.FAILURE
        assert summary.startswith("nothing is built of what it generated: ")
        assert says in summary
        assert generated(w) == []


async def test_an_empty_generation_is_said(tmp_path: Path) -> None:
    """That there is nothing to build is no failure."""
    async with world(tmp_path, central()) as w:
        await begun(w)
        await write(w, "version: 1\nbuilders: {}\n")
        assert plans(w) == [(Result.SUCCESS, "no builders generated, so nothing is built")]


async def test_more_than_is_read(tmp_path: Path) -> None:
    """The worker is asked for no more than is allowed, and a program without an end is stopped by its output."""
    async with world(tmp_path, central()) as w:
        await begun(w)
        (asked,) = [fact.spec for fact in w.facts(OperationRequested) if fact.step == 1]
        assert isinstance(asked, Run)
        assert asked.capture_bytes == limits.PIPELINE_BYTES
        assert (asked.log_limit_bytes, asked.max_seconds) == (limits.GENERATED_LOG_BYTES, limits.GENERATE_SECONDS)
        await w.finish(Ended(reason="exited", exit_code=0, text=TWO, text_truncated=True))
        ((result, summary),) = plans(w)
        assert (result, summary) == (
            Result.FAILURE,
            "nothing is built of what it generated: more than 262144 bytes on its standard output",
        )


async def test_a_condition_that_does_not_hold(tmp_path: Path) -> None:
    """`when` is asked of the changes of the generating build."""
    line = "  %s: {when: \"change.files.exists(f, f.startsWith('%s/'))\", steps: [{run: [x]}]}\n"
    async with world(tmp_path, central()) as w:
        await begun(w)
        await write(w, "version: 1\nbuilders:\n" + line % ("docs", "docs") + line % ("unit", "src"))
        assert [request.builder for request in generated(w)] == ["plan:unit"]


async def test_cells_have_their_names_as_elsewhere(tmp_path: Path) -> None:
    """Behind the name of the generating builder."""
    text = 'version: 1\nbuilders: {u: {matrix: {axes: {p: ["1", "2"]}}, steps: [{run: [u, {matrix: p}]}]}}'
    async with world(tmp_path, central()) as w:
        await begun(w)
        await write(w, text)
        assert [request.builder for request in generated(w)] == ["plan:u[1]", "plan:u[2]"]


async def test_what_was_generated_may_generate_once_more(tmp_path: Path) -> None:
    """A third generation is refused, so none goes on for ever."""
    again = "version: 1\nbuilders: {deep: {steps: [{generate: [again], name: more, may_define: [builders, generate]}]}}"
    async with world(tmp_path, central()) as w:
        await begun(w)
        await write(w, again)
        await w.finish(only="nobody")
        deep = [recorded for recorded in w.open_operations() if recorded.fact.label == "again"]  # type: ignore[attr-defined]
        for recorded in deep:
            await w.report(recorded, Ended(reason="exited", exit_code=0, text=TWO))
        await w.runner.settle()
        await read(w)
        assert [request.builder for request in generated(w)] == ["plan:deep", "plan:deep:unit", "plan:deep:lint"]
        await w.finish_all()
        await w.push("b" * 40)
        await w.finish()
        await write(w, again)
        for recorded in w.open_operations():
            if recorded.fact.label == "again":  # type: ignore[attr-defined]
                await w.report(recorded, Ended(reason="exited", exit_code=0, text=again))
        await w.runner.settle()
        await read(w)
        summaries = [fact.summary for fact in w.facts(StepFinished)]
        assert any("builders are generated at most 2 deep" in summary for summary in summaries)


async def test_what_is_not_granted_any_more_is_not_built(tmp_path: Path) -> None:
    """A generated builder that waits is held to what the configuration in force grants."""
    text = "version: 1\nbuilders: {u: {worker: \"worker.name == 'w2'\", steps: [{run: [u], locks: [board]}]}}"
    async with world(tmp_path, central()) as w:
        await begun(w)
        await write(w, text)
        await w.apply(with_config(central("may_define: [builders]")))
        await w.runner.settle()
        (finished,) = [fact for fact in w.facts(RequestFinished) if fact.reason]
        assert finished.result is Result.CANCELLED
        assert finished.reason.endswith("the lock 'board' isn't granted to the step 'plan' of 'plan'")


async def test_workers_are_granted_too(tmp_path: Path) -> None:
    """A generated builder runs where the step allows it, whatever it says itself."""
    async with world(tmp_path, central("grants: {worker: worker.name == 'w2'}"), workers=("w1", "w2")) as w:
        await begun(w)
        await write(w, TWO)
        workers = {fact.worker for fact in w.facts(BuildAssigned) if fact.builder != "plan"}
        assert workers == {"w2"}


async def test_a_stop_before_the_requests_requests_nothing(tmp_path: Path) -> None:
    """Whoever stops the build while the server reads doesn't get its builds."""
    async with world(tmp_path, central()) as w:
        build = await begun(w)
        await w.finish(Ended(reason="exited", exit_code=0, text=TWO))
        await w.do(StopBuild(build_id=build, reason="enough"))
        await read(w)
        assert generated(w) == []
        assert plans(w)[0][0] is Result.CANCELLED
