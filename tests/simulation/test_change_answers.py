"""Whatever a change came to, the answer to "why was it built, or not?" is what the triggers did."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from buildledger.config.resolved import Configuration
from buildledger.events.ids import change_id
from tests.reactors.configurations import TRIGGERS
from tests.reactors.world import World, with_config, world
from tests.simulation.site import Site, site_of

PUSHED = """  - {on: change, name: push, source: widget, branches: [main, "release/*"], settle: 90s,
    build: [tests, docs]}
  - {on: change, name: all, source: widget, build: [package]}
"""
TEXT = (
    TRIGGERS.replace(
        "when: change.files.exists(f, f.startsWith('docs/'))",
        "when: \"change.branch == 'main' && change.files.exists(f, f.startsWith('docs/'))\"",
    )
    + PUSHED
)


async def answers(site: Site, revision: str) -> dict[tuple[str, str], dict[str, Any]]:
    found = (await site.get(f"changes/{change_id('widget', revision)}/answers"))["answers"]
    return {(each["trigger"], each["builder"]): each for each in found}


def codes(found: dict[tuple[str, str], dict[str, Any]]) -> list[str]:
    return [found[key]["code"] for key in (("push", "tests"), ("push", "docs"), ("all", "package"))]


async def pushed(w: World, revision: str, *paths: str, branch: str = "main", **others: Any) -> None:
    await w.push(revision, *paths, branch=branch, **others)


async def test_each_trigger_and_builder_has_an_answer(tmp_path: Path) -> None:
    """Built, filtered by the branch, filtered by the part of `when` that doesn't hold, or settling."""
    async with world(tmp_path, TEXT) as w:
        with site_of(w, tmp_path) as site:
            await pushed(w, "1" * 40, "src/a.c")
            found = await answers(site, "1" * 40)
            assert codes(found) == ["settling", "when", "requested"]
            assert found["push", "docs"]["condition"] == "change.files.exists(f, f.startsWith('docs/'))"
            assert found["push", "docs"]["text"].endswith("(change.files is src/a.c)")
            await w.pass_time(100)
            found = await answers(site, "1" * 40)
            assert codes(found) == ["requested", "when", "requested"]
            assert found["push", "tests"]["text"] == "requested, and being built"
            assert found["push", "tests"]["build_id"] is not None

            await pushed(w, "2" * 40, "docs/a.md", branch="topic/x")
            found = await answers(site, "2" * 40)
            assert codes(found) == ["branch", "branch", "requested"]
            assert found["push", "tests"]["text"] == "push builds the branches main, release/*, not topic/x"

            await pushed(w, "3" * 40, "docs/a.md", branch="release/1")
            await w.pass_time(100)
            found = await answers(site, "3" * 40)
            assert codes(found) == ["requested", "when", "requested"]
            assert found["push", "docs"]["condition"] == "change.branch == 'main'"
            assert found["push", "docs"]["text"].endswith("(change.branch is release/1)")


async def test_what_nobody_knows_all_files_of_is_no_filter(tmp_path: Path) -> None:
    """A change with more files than are stored is built, and that is what is answered."""
    async with world(tmp_path, TEXT) as w:
        with site_of(w, tmp_path) as site:
            await pushed(w, "1" * 40, "src/a.c", file_count=9_000)
            assert codes(await answers(site, "1" * 40)) == ["settling", "settling", "requested"]
            await w.pass_time(100)
            assert codes(await answers(site, "1" * 40)) == ["requested", "requested", "requested"]


async def test_the_first_sight_of_a_source_is_answered(tmp_path: Path) -> None:
    """Branches that were there are built only where a trigger names them, or the default branch."""
    async with world(tmp_path, TEXT) as w:
        with site_of(w, tmp_path) as site:
            await pushed(w, "1" * 40, "src/a.c", branch="topic", initial=True)
            assert codes(await answers(site, "1" * 40)) == ["branch", "branch", "first_sight"]


async def test_the_configuration_of_that_time_counts(tmp_path: Path) -> None:
    """A filter that was taken out since is still the reason why it wasn't built."""
    async with world(tmp_path, TEXT) as w:
        with site_of(w, tmp_path) as site:
            await pushed(w, "1" * 40, "src/a.c", branch="topic")
            await w.apply(_without_branches())
            await w.runner.settle()
            found = await site.get(f"changes/{change_id('widget', '1' * 40)}/answers")
            assert found["config_revision"] == 1
            assert [each["code"] for each in found["answers"]] == ["requested", "branch", "branch"]


def _without_branches() -> Configuration:
    return with_config(TEXT.replace('branches: [main, "release/*"], ', ""))
