"""Builds of what repositories define themselves."""

from __future__ import annotations

from pathlib import Path

from buildledger.config.pipelines.definition import RepoFile
from buildledger.config.pipelines.repo_file import check
from buildledger.domain.command import Command
from buildledger.domain.pipeline import DefinePipeline, ReportPipeline
from buildledger.domain.source import MoveBranch
from buildledger.events.build import BuildAssigned, BuildStopRequested, OperationRequested, StopCause
from buildledger.events.change import BranchMoved
from buildledger.events.operation import Run
from buildledger.events.pipeline import PipelineDefined, PipelineMissing, PipelineRead, PipelineRejected
from buildledger.events.request import RequestFinished, RequestSubmitted
from buildledger.events.results import Result
from tests.reactors.world import World, with_config, world

CENTRAL = """
version: 1
sources: {widget: {git: "https://git.example/widget.git", default_branch: main}}
workers: {w1: {capacity: 8}}
locks: {board: {count: 1}}
builders:
  docs: {steps: [{run: [docs]}]}
triggers:
  - {on: change, source: widget, build: [docs]}
repo_pipelines:
  widget: {may_define: [builders, triggers, when], locks: [board], secrets: [pypi]}
"""
FILE = "version: 1\nbuilders: {tests: {steps: [{run: [%s]}]}}\n"


def reading(w: World, revision: str, text: str) -> tuple[Command, ...]:
    """What intake says of a revision's file."""
    found = check(RepoFile(content=text.encode(), name="f", source="widget", central=w.configuration)).pipeline
    assert found is not None
    said = PipelineRead(
        source="widget",
        revision=revision,
        path="f",
        config_digest=w.configuration.digest,
        file_digest="",
        pipeline=found.digest,
        builders=tuple(found.builders),
    )
    defined = PipelineDefined(source="widget", digest=found.digest, text=found.to_json())
    return DefinePipeline(definition=defined), ReportPipeline(outcome=said)


def programs(w: World) -> list[tuple[str, ...]]:
    """What workers were asked to run."""
    return [fact.spec.argv for fact in w.facts(OperationRequested) if isinstance(fact.spec, Run)]


async def test_each_revision_is_built_by_its_own_file(tmp_path: Path) -> None:
    """Besides what the central configuration has built; a build is pinned to its pipeline."""
    async with world(tmp_path, CENTRAL) as w:
        await w.do(*reading(w, "a", FILE % "one"))
        await w.push("a")
        await w.do(*reading(w, "b", FILE % "two"))
        await w.push("b")
        await w.finish_all()
        assert sorted(programs(w)) == [("docs",), ("docs",), ("one",), ("two",)]
        builds = [fact for fact in w.facts(BuildAssigned) if fact.builder == "widget:tests"]
        assert len({fact.pipeline for fact in builds}) == 2
        assert None not in {fact.pipeline for fact in builds}
        assert set(w.results()) == {Result.SUCCESS}
        triggers = {fact.trigger for fact in w.facts(RequestSubmitted) if fact.builder == "widget:tests"}
        assert triggers == {"widget:change"}


async def test_a_branch_waits_until_its_file_was_read(tmp_path: Path) -> None:
    """Also over a restart: whoever is first, the move or the reading, it is built once."""
    async with world(tmp_path, CENTRAL) as w:
        await w.push("a")
        await w.restart()
        assert "widget:tests" not in w.builders()
        await w.do(*reading(w, "a", FILE % "one"))
        await w.do(*reading(w, "a", FILE % "one"))
        assert w.builders().count("widget:tests") == 1


async def test_a_restart_requests_nothing_again(tmp_path: Path) -> None:
    """Nothing is lost or contradicted, whichever trigger was on time before it, and the next push stands for itself."""
    file = """
version: 1
builders: {tests: {steps: [{run: [test]}]}, slow: {steps: [{run: [slow]}]}}
triggers:
  - {on: change, source: widget, build: [tests]}
  - {name: later, on: change, source: widget, settle: 30s, build: [slow]}
"""
    async with world(tmp_path, CENTRAL) as w:
        for revision in ("a", "b"):
            await w.do(*reading(w, revision, file))
            await w.push(revision)
        await w.restart()
        await w.do(*reading(w, "c", file))
        await w.push("c")
        await w.pass_time(31)
        assert not w.runner.health.held_back
        requested = [(it.builder, it.stamps[0].revision, len(it.changes)) for it in w.facts(RequestSubmitted)]
        expected = [("widget:tests", revision, 1) for revision in ("a", "b", "c")]
        assert [each for each in requested if each[0] != "docs"] == [*expected, ("widget:slow", "c", 3)]


async def test_a_file_that_becomes_right_is_built_with_the_next_push(tmp_path: Path) -> None:
    """Not before, whether or not the server was started again meanwhile."""
    async with world(tmp_path, CENTRAL) as w:
        place = {"source": "widget", "path": "f", "config_digest": w.configuration.digest}
        await w.do(ReportPipeline(outcome=PipelineRejected(**place, revision="a", problems=())))
        await w.push("a")
        await w.do(*reading(w, "a", FILE % "one"))
        await w.restart()
        assert "widget:tests" not in w.builders()


async def test_a_wrong_or_missing_file_builds_nothing_more(tmp_path: Path) -> None:
    """The central configuration's builders go on."""
    async with world(tmp_path, CENTRAL) as w:
        place = {"source": "widget", "path": "f", "config_digest": w.configuration.digest}
        await w.do(ReportPipeline(outcome=PipelineMissing(**place, revision="a")))
        await w.push("a")
        await w.do(ReportPipeline(outcome=PipelineRejected(**place, revision="b", problems=())))
        await w.push("b")
        assert w.builders() == ["docs", "docs"]


async def test_a_timeout_of_the_file_stops_its_builds(tmp_path: Path) -> None:
    """Also when the server was started again in between: the timeout is that of the pipeline the build is pinned to."""
    async with world(tmp_path, CENTRAL) as w:
        await w.do(*reading(w, "a", "version: 1\nbuilders: {tests: {timeout: 1h, steps: [{run: [slow]}]}}\n"))
        await w.push("a")
        await w.do(*reading(w, "a", FILE % "quick"))
        await w.restart()
        await w.pass_time(3599)
        assert not w.facts(BuildStopRequested)
        await w.pass_time(1)
        assert [fact.cause for fact in w.facts(BuildStopRequested)] == [StopCause.TIMEOUT]


async def test_what_is_not_granted_any_more_is_not_built(tmp_path: Path) -> None:
    """A request that waits is answered with the reason; a build that runs goes on."""
    file = "version: 1\nbuilders: {tests: {collapse: never, locks: [board], steps: [{run: [a]}, {run: [b]}]}}\n"
    granting = CENTRAL.replace("when]", "when, collapse]")
    async with world(tmp_path, granting) as w:
        await w.do(*reading(w, "a", file))
        await w.push("a")
        await w.push("b", branch="other")
        await w.do(*reading(w, "b", file))
        await w.apply(with_config(granting.replace("locks: [board], ", "")))
        await w.runner.settle()
        (finished,) = w.facts(RequestFinished)
        assert finished.result is Result.CANCELLED
        assert "the lock 'board' isn't granted to the repository of source 'widget'" in finished.reason
        await w.finish_all()
        assert ("b",) in programs(w)


async def test_locks_are_shared_with_all_others(tmp_path: Path) -> None:
    """Two pipelines that take one lock of the central configuration wait for each other."""
    file = "version: 1\nbuilders: {tests: {locks: [board], steps: [{run: [%s]}]}}\n"
    async with world(tmp_path, CENTRAL) as w:
        await w.do(*reading(w, "a", file % "one"))
        await w.push("a")
        await w.do(*reading(w, "b", file % "two"))
        await w.push("b")
        assert [each for each in programs(w) if each != ("docs",)] == [("one",)]
        await w.finish()
        assert ("two",) in programs(w)


async def test_success_triggers_of_the_file_follow_its_builds(tmp_path: Path) -> None:
    """Under the pipeline of the build that succeeded."""
    file = """
version: 1
builders: {tests: {steps: [{run: [test]}]}, deploy: {steps: [{run: [deploy]}]}}
triggers:
  - {on: change, source: widget, branches: [main], settle: 30s, build: [tests]}
  - {on: success, of: [tests], build: [deploy]}
"""
    async with world(tmp_path, CENTRAL) as w:
        await w.do(*reading(w, "a", file))
        await w.push("a")
        await w.do(*reading(w, "b", file))
        await w.push("b", branch="wip")
        await w.finish_all()
        assert "widget:tests" not in w.builders()
        await w.pass_time(31)
        await w.finish_all()
        assert [each for each in w.builders() if each != "docs"] == ["widget:tests", "widget:deploy"]
        assert len({fact.pipeline for fact in w.facts(BuildAssigned) if fact.builder != "docs"}) == 1


async def test_a_deleted_branch_awaits_nothing(tmp_path: Path) -> None:
    """Nor does a source whose repository may define nothing any more."""
    async with world(tmp_path, CENTRAL) as w:
        await w.push("a", branch="wip")
        gone = BranchMoved(source="widget", branch="wip", previous="a", revision=None)
        await w.do(MoveBranch(source="widget", move=gone))
        await w.do(*reading(w, "a", FILE % "one"))
        await w.push("c")
        reported = reading(w, "c", FILE % "one")
        await w.apply(with_config(CENTRAL.partition("repo_pipelines")[0]))
        await w.do(*reported)
        assert "widget:tests" not in w.builders()


async def test_an_unreadable_pipeline_ends_its_request(tmp_path: Path) -> None:
    """Nobody knows what would be built."""
    async with world(tmp_path, CENTRAL) as w:
        await w.force("widget:tests", pipeline="0" * 64)
        (finished,) = w.facts(RequestFinished)
        assert finished.result is Result.CANCELLED
        assert "can't be used" in finished.reason


async def test_a_lost_build_is_tried_again_under_its_pipeline(tmp_path: Path) -> None:
    """After its pause."""
    async with world(tmp_path, CENTRAL) as w:
        await w.do(*reading(w, "a", FILE % "one"))
        await w.push("a")
        await w.disconnect()
        await w.pass_time(200)
        await w.connect(boot_id="again", instance_id="two")
        await w.pass_time(60)
        builds = [fact for fact in w.facts(BuildAssigned) if fact.builder == "widget:tests"]
        assert [fact.attempt for fact in builds] == [1, 2]
        assert builds[0].pipeline == builds[1].pipeline
