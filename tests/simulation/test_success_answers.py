"""Whatever the success of other builders led to, the answer to "why was it built, or not?" says where they stand."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from buildledger.events.ids import change_id
from buildledger.events.operation import Ended
from buildledger.events.request import SourceStamp
from tests.reactors.configurations import TRIGGERS
from tests.reactors.world import world
from tests.simulation.site import Site, site_of

FAILED = Ended(reason="exited", exit_code=1)
AFTER = """  - {on: change, name: push, source: widget, branches: [main, topic], build: [tests, package]}
  - {on: success, name: after, of: [tests], if: build.branch == 'main', build: [docs]}
  - {on: success, name: both, of: [tests, package], build: [last]}
  - {on: success, name: then, of: [docs], build: [last]}
"""
TEXT = (
    TRIGGERS.replace("triggers:\n", "  last: {steps: [{checkout: widget}]}\ntriggers:\n")
    .replace("{checkout: proto, into: proto}", "{run: [pages]}")
    .replace('{checkout: widget}, {run: ["true"]}', "{run: [test]}, {checkout: widget}")
    + AFTER
)
NEW = "1" * 40


async def answers(site: Site, revision: str = NEW) -> dict[tuple[str, str], dict[str, Any]]:
    found = (await site.get(f"changes/{change_id('widget', revision)}/answers"))["answers"]
    return {(each["trigger"], each["builder"]): each for each in found}


async def test_what_waits_for_other_builders_says_for_which(tmp_path: Path) -> None:
    """First both are being built, then one has succeeded, then both have, and it is requested."""
    async with world(tmp_path, TEXT) as w:
        with site_of(w, tmp_path) as site:
            await w.push(NEW, "docs/a.md", branch="main")
            found = await answers(site)
            assert found["after", "docs"]["code"] == "upstream_awaited"
            assert found["after", "docs"]["text"] == "waits for the success of tests, which is being built"
            assert found["then", "last"]["code"] == "upstream_not_built"
            assert found["then", "last"]["text"].startswith("waits for the success of docs, of which no build")
            assert found["then", "last"]["upstream"][0]["status"] is None
            (tests,) = found["after", "docs"]["upstream"]
            assert (tests["builder"], tests["status"], tests["number"], tests["revision"]) == (
                "tests",
                "claimed",
                1,
                NEW,
            )
            assert tests["build_id"] is not None
            assert [each["builder"] for each in found["both", "last"]["upstream"]] == ["tests", "package"]

            await w.finish_all()
            found = await answers(site)
            assert {key: each["code"] for key, each in found.items()} == {
                ("push", "tests"): "requested",
                ("push", "package"): "requested",
                ("after", "docs"): "requested",
                ("both", "last"): "requested",
                ("then", "last"): "requested",
            }
            assert found["both", "last"]["upstream"] == []


async def test_what_a_failure_kept_says_so(tmp_path: Path) -> None:
    """The builder that failed, with its build and how it ended; what follows in turn waits for nothing that comes."""
    async with world(tmp_path, TEXT) as w:
        with site_of(w, tmp_path) as site:
            await w.push(NEW, "docs/a.md", branch="main")
            await w.finish_all(FAILED)
            found = await answers(site)
            assert found["after", "docs"]["code"] == found["both", "last"]["code"] == "upstream_failed"
            assert found["after", "docs"]["text"] == "tests did not succeed: its build ended as failure"
            assert found["after", "docs"]["upstream"][0]["result"] == "failure"
            assert found["then", "last"]["code"] == "upstream_not_built"


async def test_conditions_of_what_follows_are_named(tmp_path: Path) -> None:
    """The trigger's `if`, asked of the build that succeeded; the builder's `when`, asked of the change."""
    async with world(tmp_path, TEXT) as w:
        with site_of(w, tmp_path) as site:
            await w.push(NEW, "docs/a.md", branch="topic")
            await w.finish_all()
            found = await answers(site)
            assert found["after", "docs"]["code"] == "if"
            assert found["after", "docs"]["condition"] == "build.branch == 'main'"
            assert found["after", "docs"]["text"].endswith("(build.branch is topic)")

            await w.push("2" * 40, "src/a.c", branch="main")
            await w.finish_all()
            found = await answers(site, "2" * 40)
            assert found["after", "docs"]["code"] == "when"
            assert found["after", "docs"]["text"].endswith("(change.files is src/a.c)")


async def test_success_with_different_revisions_is_no_success_of_all(tmp_path: Path) -> None:
    """Two that have succeeded, but not for the same revisions of everything that they check out."""
    async with world(tmp_path, TEXT) as w:
        with site_of(w, tmp_path) as site:
            await w.push(NEW, "docs/a.md", branch="other")
            for builder, proto in (("tests", "a" * 40), ("package", "b" * 40)):
                await w.force(builder, stamps=(stamp("widget", NEW), stamp("proto", proto)))
            await w.finish_all()
            found = (await answers(site))["both", "last"]
            assert found["code"] == "upstream_apart"
            assert found["text"] == "tests, package have succeeded, but with different revisions of proto"
            assert [each["result"] for each in found["upstream"]] == ["success", "success"]


def stamp(source: str, revision: str) -> SourceStamp:
    return SourceStamp(source=source, repository=f"https://git.example/{source}.git", branch="other", revision=revision)
