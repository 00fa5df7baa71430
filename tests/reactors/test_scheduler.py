"""Who gets which worker, and when."""

from __future__ import annotations

from pathlib import Path

import pytest

from buildledger.domain.request import CancelRequest, PrioritiseRequest
from buildledger.domain.source import ReportDefaultBranch
from buildledger.domain.worker import PauseWorker, RevokeWorker
from buildledger.events.build import BuildAssigned, BuildFinished
from buildledger.events.operation import Ended
from buildledger.events.request import SourceStamp
from buildledger.events.results import Result
from buildledger.reactors.scheduling.retry_pauses import RETRY_PAUSE_SECONDS
from tests.reactors.builders_and_workers import BUILDERS, on, workers
from tests.reactors.configurations import TRIGGERS
from tests.reactors.world import SIMPLE, with_config, world


async def test_labels_say_who_may_build(tmp_path: Path) -> None:
    """A builder waits for a worker whose labels fit, though others are free."""
    async with world(tmp_path, BUILDERS, workers=["w1", "w2"]) as w:
        await w.force("windows")
        assert workers(w) == []
        await w.connect("w3")
        assert workers(w) == ["w3"]


async def test_a_label_that_is_missing_fits_nothing(tmp_path: Path) -> None:
    """Only the worker that has the label gets the build."""
    async with world(tmp_path, BUILDERS, workers=["w1", "w3", "w2"]) as w:
        await w.force("big")
        assert workers(w) == ["w2"]


async def test_a_choice_may_depend_on_the_change(tmp_path: Path) -> None:
    """The same builder can want one worker for one branch and none for another."""
    async with world(tmp_path, BUILDERS, workers=["w1", "w2"]) as w:
        other = await w.force("release", stamps=(on("topic"),))
        await w.force("release")
        assert workers(w) == ["w1"]
        await w.finish_all()
        assert other not in w.answers()


async def test_capacity_is_never_exceeded(tmp_path: Path) -> None:
    """What finds no free slot waits, oldest first, and goes as soon as one is free."""
    async with world(tmp_path, BUILDERS, workers=["w1", "w2"]) as w:
        requests = [await w.force() for _ in range(5)]
        assert sorted(workers(w)) == ["w1", "w2", "w2"]
        await w.finish(only="w1")
        assert workers(w)[3:] == ["w1"]
        assert w.facts(BuildAssigned)[3].requests == (requests[3],)


async def test_a_worker_offers_no_more_than_it_has(tmp_path: Path) -> None:
    """The smaller of what is configured and what the worker says counts."""
    async with world(tmp_path, BUILDERS, workers=[]) as w:
        await w.connect("w2", capacity=1)
        await w.force()
        await w.force()
        assert workers(w) == ["w2"]


async def test_builds_are_spread_over_the_workers(tmp_path: Path) -> None:
    """A worker with nothing to do comes before one that is busy."""
    async with world(tmp_path, BUILDERS, workers=["w2", "w1"]) as w:
        await w.force()
        await w.force("docs")
        assert sorted(workers(w)) == ["w1", "w2"]


async def test_a_builder_goes_back_to_its_warm_clone(tmp_path: Path) -> None:
    """With equal load the worker that built it last is taken again."""
    async with world(tmp_path, BUILDERS, workers=["w1", "w2"]) as w:
        for _ in range(4):
            await w.force()
            await w.finish_all()
        assert len(set(workers(w))) == 1


async def test_priority_comes_before_age(tmp_path: Path) -> None:
    """The urgent goes first, and a priority can still be changed while it waits."""
    async with world(tmp_path, BUILDERS, workers=[]) as w:
        plain = await w.force()
        urgent = await w.force(priority=5)
        raised = await w.force()
        await w.do(PrioritiseRequest(request_id=raised, priority=9))
        await w.connect("w1")
        for _ in range(3):
            await w.finish()
        assert [fact.requests[0] for fact in w.facts(BuildAssigned)] == [raised, urgent, plain]


async def test_builders_take_turns(tmp_path: Path) -> None:
    """A builder with a long queue doesn't keep another waiting, though its requests are older."""
    async with world(tmp_path, BUILDERS, workers=[]) as w:
        for _ in range(4):
            await w.force("tests")
        await w.force("docs")
        await w.connect("w1")
        for _ in range(5):
            await w.finish()
        assert w.builders() == ["tests", "docs", "tests", "tests", "tests"]


async def test_a_builder_that_was_idle_takes_turns_too(tmp_path: Path) -> None:
    """It has no claim to the builds that it didn't need before."""
    async with world(tmp_path, BUILDERS, workers=["w1"]) as w:
        for _ in range(6):
            await w.force("tests")
        for _ in range(3):
            await w.finish()
        for _ in range(3):
            await w.force("docs")
        for _ in range(6):
            await w.finish()
        assert w.builders() == ["tests"] * 4 + ["docs", "tests", "docs", "tests", "docs"]


async def test_locks_are_counted(tmp_path: Path) -> None:
    """No more builds than the lock allows, however many slots are free; who waits goes when it is given back."""
    async with world(tmp_path, BUILDERS, workers=["w1", "w2", "w3"]) as w:
        for _ in range(3):
            await w.force("integration")
        assert w.builders() == ["integration"] * 2
        await w.force("docs")
        assert w.builders()[2:] == ["docs"], "who needs no lock isn't held up"
        await w.finish()
        assert w.builders()[3:] == ["integration"]


async def test_a_lock_can_be_taken_whole(tmp_path: Path) -> None:
    """A builder that takes all of it runs alone."""
    async with world(tmp_path, BUILDERS, workers=["w1", "w2"]) as w:
        await w.force("integration")
        await w.force("migration")
        assert w.builders() == ["integration"]
        await w.finish()
        await w.force("integration")
        assert w.builders() == ["integration", "migration"]
        await w.finish()
        assert w.builders() == ["integration", "migration", "integration"]


async def test_requests_of_a_builder_that_is_gone_are_cancelled(tmp_path: Path) -> None:
    """The answer says that the configuration doesn't have it."""
    async with world(tmp_path, BUILDERS, workers=[]) as w:
        gone = await w.force("docs")
        await w.apply(with_config(BUILDERS.replace("  docs:", "  manual:")))
        await w.runner.settle()
        assert w.answers() == {gone: Result.CANCELLED}


async def test_waiting_requests_are_built_under_the_configuration_in_force(tmp_path: Path) -> None:
    """A corrected configuration is what a waiting request gets."""
    async with world(tmp_path, BUILDERS, workers=[]) as w:
        await w.force("windows")
        await w.apply(with_config(BUILDERS.replace("== 'windows'", "!= 'windows'")))
        await w.connect("w1")
        assert workers(w) == ["w1"]
        assert w.facts(BuildAssigned)[0].config_digest == w.configuration.digest


async def test_waiting_requests_are_built_from_the_address_in_force(tmp_path: Path) -> None:
    """A source that has moved is where it is when the build begins; one that has gone stays where it was."""
    async with world(tmp_path, TRIGGERS + "  []", workers=[]) as w:
        elsewhere = SourceStamp(source="gone", repository="https://git.example/gone.git", branch="main")
        await w.force("tests", stamps=(on("main", "a"), elsewhere))
        moved = TRIGGERS.replace("https://git.example/widget.git", "https://new.example/widget.git")
        await w.apply(with_config(moved + "  []"))
        await w.connect("w1")
        addresses = [stamp.repository for stamp in w.facts(BuildAssigned)[0].stamps]
        assert addresses == ["https://new.example/widget.git", "https://git.example/gone.git"]


async def test_a_source_that_came_to_the_builder_is_built_from_its_default_branch(tmp_path: Path) -> None:
    """Whoever asked for the build before could say nothing of it; the build isn't refused its checkout."""
    async with world(tmp_path, SIMPLE, workers=[]) as w:
        await w.force()
        both = SIMPLE.replace("workers:", '  docs: {git: "https://git.example/docs.git"}\nworkers:')
        await w.apply(
            with_config(both.replace('- run: ["true"]', "- {checkout: widget}\n      - {checkout: docs, into: d}"))
        )
        await w.do(ReportDefaultBranch(source="docs", branch="trunk"))
        await w.connect("w1")
        known, came = w.facts(BuildAssigned)[0].stamps
        assert (known.source, known.branch) == ("widget", "main")
        assert came == SourceStamp(source="docs", repository="https://git.example/docs.git", branch="trunk")


@pytest.mark.parametrize("why", ["paused", "revoked", "not configured", "disconnected"])
async def test_who_may_not_build_gets_nothing(tmp_path: Path, why: str) -> None:
    """Paused, revoked, unconfigured and absent workers are left out."""
    async with world(tmp_path, BUILDERS) as w:
        match why:
            case "paused":
                await w.do(PauseWorker(worker="w1"))
            case "revoked":
                await w.do(RevokeWorker(worker="w1"))
            case "disconnected":
                await w.disconnect()
            case _:
                await w.apply(with_config(BUILDERS.replace("w1", "w9")))
        await w.force()
        assert workers(w) == []


async def test_a_cancelled_request_leaves_the_queue(tmp_path: Path) -> None:
    """It is not built when a slot becomes free."""
    async with world(tmp_path, BUILDERS, workers=[]) as w:
        cancelled, wanted = await w.force(), await w.force()
        await w.do(CancelRequest(request_id=cancelled, reason="no"))
        await w.connect("w1")
        assert [fact.requests for fact in w.facts(BuildAssigned)] == [(wanted,)]


async def test_a_lost_build_does_not_return_to_its_worker_while_there_is_another(tmp_path: Path) -> None:
    """Though that worker has its clone, and was given a build longer ago than the other."""
    async with world(tmp_path, BUILDERS, workers=["w2"]) as w:
        await w.force("tests")
        await w.connect("w1")
        await w.force("docs")
        assert workers(w) == ["w2", "w1"]
        await w.finish(only="w1")
        await w.finish(Ended(reason="interrupted"))
        await w.pass_time(RETRY_PAUSE_SECONDS[0])
        assert workers(w) == ["w2", "w1", "w1"]


async def test_a_lost_build_returns_to_its_worker_if_there_is_no_other(tmp_path: Path) -> None:
    """It doesn't wait for one that may never come, and a restart of the server doesn't change that."""
    async with world(tmp_path, BUILDERS, workers=["w1"]) as w:
        await w.force("tests")
        await w.runner.save()
        await w.restart()
        await w.finish(Ended(reason="interrupted"))
        await w.pass_time(RETRY_PAUSE_SECONDS[0])
        assert workers(w) == ["w1", "w1"]


async def test_fences_grow_with_each_assignment(tmp_path: Path) -> None:
    """Also over a restart."""
    async with world(tmp_path, BUILDERS) as w:
        for _ in range(3):
            await w.force()
            await w.finish_all()
            await w.restart()
        fences = [fact.fence for fact in w.facts(BuildAssigned)]
        assert fences == sorted(set(fences))
        assert len(w.facts(BuildFinished)) == 3


async def test_a_build_goes_to_a_worker_that_offers_what_its_steps_need(tmp_path: Path) -> None:
    """A worker that would refuse a step isn't given its build, however free it is; one that has been updated is."""
    text = "version: 1\nworkers: {plain: {}, full: {}}\nbuilders:\n  tests: {steps: [{script: make}]}\n"
    async with world(tmp_path, text, workers=()) as w:
        await w.connect("plain", features=("log_limit", "timeouts"))
        await w.force()
        assert w.facts(BuildAssigned) == []
        await w.connect("full", capacity=1)
        assert [fact.worker for fact in w.facts(BuildAssigned)] == ["full"]
        await w.force()
        assert len(w.facts(BuildAssigned)) == 1
        await w.disconnect("plain")
        await w.connect("plain", features=("log_limit", "timeouts", "shell_script"))
        assert [fact.worker for fact in w.facts(BuildAssigned)] == ["full", "plain"]
