"""Builds after successes."""

from __future__ import annotations

from pathlib import Path

from buildledger.events.ids import change_id
from buildledger.events.request import RequestSubmitted
from buildledger.events.results import Result
from tests.reactors.configurations import TRIGGERS
from tests.reactors.requested import checked_out, stamp
from tests.reactors.world import FAILED, with_config, world

SUCCESS = TRIGGERS + "  - {on: success, name: next, of: tests, if: build.branch == 'main', build: [package]}\n"
BOTH = TRIGGERS + "  - {on: success, name: next, of: [tests, docs], build: [package]}\n"


async def test_a_success_is_followed_by_the_next_builder(tmp_path: Path) -> None:
    """For the revision that was really built, with the same changes, and naming the build before."""
    async with world(tmp_path, SUCCESS) as w:
        await w.push("a")
        await w.force("tests", changes=(change_id("widget", "a"),))
        await w.finish_all(checked_out("a" * 40))
        request = w.facts(RequestSubmitted)[-1]
        assert (request.builder, request.reason) == ("package", "after tests")
        assert request.stamps[0].revision == "a" * 40
        assert request.changes == (change_id("widget", "a"),)
        assert request.parent_build is not None
        assert w.results() == [Result.SUCCESS, Result.SUCCESS]


async def test_nothing_follows_a_failure_or_a_condition_that_does_not_hold(tmp_path: Path) -> None:
    """Neither a failed build nor one on another branch is followed."""
    async with world(tmp_path, SUCCESS) as w:
        await w.force("tests")
        await w.finish_all(FAILED)
        await w.apply(with_config(SUCCESS.replace("== 'main'", "== 'release'")))
        await w.force("tests")
        await w.finish_all(checked_out("a" * 40))
        assert w.results() == [Result.EXCEPTION, Result.SUCCESS]
        assert len(w.facts(RequestSubmitted)) == 2


async def test_all_builders_have_to_succeed_for_the_same_stamps(tmp_path: Path) -> None:
    """The last of them starts what follows, once; another revision counts apart, also over a restart."""
    async with world(tmp_path, BOTH.replace("{checkout: proto, into: proto}", "{run: [make]}")) as w:
        await w.force("tests", stamps=(stamp("a" * 40),))
        await w.finish_all(checked_out("a" * 40))
        await w.force("docs", stamps=(stamp("b" * 40),))
        await w.finish_all(checked_out("b" * 40))
        assert "package" not in w.builders()
        await w.restart()
        await w.force("docs", stamps=(stamp("a" * 40),))
        await w.finish_all(checked_out("a" * 40))
        assert w.builders() == ["tests", "docs", "docs", "package"]
