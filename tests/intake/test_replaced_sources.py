"""Sources that are configured otherwise, or moved by others, while they are read."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest

from buildledger.config.resolved import Configuration, Server, Source
from buildledger.config.secrets.settings import Secrets
from buildledger.domain.config import ApplyConfig
from buildledger.domain.source import MoveBranch
from buildledger.events.change import BranchMoved, ChangeRecorded
from buildledger.events.ids import change_id
from buildledger.intake.polling.mirror import Mirror
from buildledger.intake.polling.poller import Poller
from buildledger.intake.polling.source_guard import SourceReplacedError
from buildledger.ledger.submission import Origin
from buildledger.sources.git.system import Git
from tests.fakes.repository import Repository
from tests.intake.conftest import World

SYSTEM = Origin(actor="system")


class Interrupted(Mirror):
    """A mirror during whose next update something happens."""

    happens: Callable[[], object] = staticmethod(lambda: None)

    async def update(self) -> dict[str, str]:
        found = await super().update()
        happens, self.happens = self.happens, lambda: None
        happens()
        return found


def interrupted(world: World, source: Source) -> tuple[Poller, Interrupted]:
    path = world.path / "mirrors" / "widget.git"
    mirror = Interrupted(path, Git().mirror(source.url, path))
    return Poller(source, ledger=world.ledger, vault=world.vault, mirror=mirror), mirror


def apply(world: World, *sources: Source) -> None:
    configuration = Configuration(
        server=Server(title="Tests"),
        secrets=Secrets(),
        sources={source.name: source for source in sources},
        workers={},
        locks={},
        builders={},
        triggers={},
    )
    command = ApplyConfig(digest=configuration.digest, text=configuration.to_json(), origin="test")
    world.ledger.execute_blocking(command, origin=SYSTEM)


@pytest.mark.parametrize("what", ["address", "branches", "gone"])
async def test_what_was_found_under_other_settings_is_not_recorded(
    world: World, repository: Repository, what: str
) -> None:
    """A poll during which its source gets another address, other branches or goes records nothing afterwards."""
    source = world.source(repository)
    apply(world, source)
    poller, mirror = interrupted(world, source)
    await poller.poll()
    before = world.facts(ChangeRecorded), world.facts(BranchMoved)
    repository.commit("found at the old address")
    replace = msgspec.structs.replace
    left = {
        "address": [replace(source, url=str(world.path / "elsewhere"))],
        "branches": [replace(source, branches=("release/*",))],
        "gone": [],
    }[what]
    mirror.happens = lambda: apply(world, *left)
    with pytest.raises(SourceReplacedError):
        await poller.poll()
    assert (world.facts(ChangeRecorded), world.facts(BranchMoved)) == before


async def test_a_configuration_that_leaves_a_source_alone_disturbs_no_poll(
    world: World, repository: Repository
) -> None:
    """A poll goes on under a configuration that says the same of its source."""
    source = world.source(repository)
    apply(world, source)
    poller, mirror = interrupted(world, source)
    await poller.poll()
    head = repository.commit("new")
    other = msgspec.structs.replace(source, name="other")
    mirror.happens = lambda: apply(world, source, other)
    await poller.poll()
    assert world.facts(BranchMoved)[-1].revision == head


async def test_a_branch_that_others_move_meanwhile_is_compared_anew(
    world: World, repository: Repository, tmp_path: Path
) -> None:
    """A move says where the branch really was, and which commits are new since there."""
    poller, mirror = interrupted(world, world.source(repository))
    await poller.poll()
    first, second = repository.commit("one"), repository.commit("two")
    handed_in = MoveBranch(source="widget", move=BranchMoved(source="widget", branch="main", revision=first))
    mirror.happens = lambda: world.ledger.execute_blocking(handed_in, origin=SYSTEM)
    await poller.poll()
    *_, told, polled = world.facts(BranchMoved)
    assert told.previous == repository.git("rev-parse", "HEAD~2")
    assert (polled.previous, polled.revision) == (first, second)
    assert polled.changes == (change_id("widget", second),)
