"""Polls that meet what is damaged, gone, empty or made anew, and polls that are killed."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import NoReturn

import pytest

from buildledger.domain.command import Command
from buildledger.events.change import BranchMoved, ChangeRecorded, SourceFailed, SourceRecovered
from buildledger.events.ids import change_id
from buildledger.intake.polling import recording
from tests.fakes.repository import Repository
from tests.intake.conftest import World


async def test_a_repository_that_disappears(world: World, repository: Repository) -> None:
    """The outage is recorded once however often it is met, and so is its end; what came meanwhile is then found."""
    poller = world.poller(repository)
    await poller.poll()
    away = repository.path.with_name("away")
    repository.path.rename(away)
    for _ in range(3):
        await poller.poll(hinted=True)
    await world.poller(repository).poll()
    (failed,) = world.facts(SourceFailed)
    assert failed.cause == "not_found"
    away.rename(repository.path)
    revision = repository.commit("meanwhile")
    await poller.poll()
    await poller.poll()
    assert len(world.facts(SourceRecovered)) == 1
    assert world.facts(BranchMoved)[-1].revision == revision


@pytest.mark.parametrize("damage", ["HEAD", "packed-refs", "config"])
async def test_a_damaged_mirror_is_made_anew(world: World, repository: Repository, damage: str) -> None:
    """A mirror is only a cache: what a crash did to it costs one more fetch and no fact."""
    poller = world.poller(repository)
    await poller.poll()
    (world.path / "mirrors/widget.git" / damage).write_text("nonsense\n")
    revision = repository.commit("third")
    await poller.poll()
    assert world.facts(SourceFailed) == []
    assert world.facts(BranchMoved)[-1].revision == revision


async def test_locks_of_a_killed_git_are_removed(world: World, repository: Repository) -> None:
    """A server that was killed in the middle of a fetch goes on without anybody's help."""
    await world.poller(repository).poll()
    (world.path / "mirrors/widget.git/packed-refs.lock").write_text("")
    (world.path / "mirrors/widget.git/refs/heads/main.lock").write_text("")
    revision = repository.commit("third")
    await world.poller(repository).poll()
    assert world.facts(BranchMoved)[-1].revision == revision


async def test_an_empty_repository(world: World, tmp_path: Path) -> None:
    """An empty repository is nothing special, and the first push to it is new, not history."""
    repository = Repository(tmp_path / "empty")
    poller = world.poller(repository)
    await poller.poll()
    assert world.ledger.head() == 0
    first = repository.commit("first")
    await poller.poll()
    (move,) = world.facts(BranchMoved)
    assert not move.initial
    assert move.changes == (change_id("widget", first),)


async def test_a_sha256_repository(world: World, tmp_path: Path) -> None:
    """Object names of 64 characters are followed like those of 40."""
    repository = Repository(tmp_path / "sha256", object_format="sha256")
    repository.commit("first")
    poller = world.poller(repository)
    await poller.poll()
    revision = repository.commit("second")
    await poller.poll()
    assert len(revision) == 64
    assert world.facts(BranchMoved)[-1].revision == revision


async def test_a_repository_made_anew_with_other_object_names(world: World, repository: Repository) -> None:
    """The same address may one day hold a SHA-256 repository; its branches have then been forced."""
    poller = world.poller(repository)
    await poller.poll()
    repository.path.rename(repository.path.with_name("old"))
    anew = Repository(repository.path, object_format="sha256")
    revision = anew.commit("first")
    await poller.poll()
    move = world.facts(BranchMoved)[-1]
    assert (move.revision, move.forced) == (revision, True)


class KilledError(Exception):
    """The server is gone."""


@pytest.mark.parametrize("survives", range(6))
async def test_killed_at_any_point(
    world: World, repository: Repository, monkeypatch: pytest.MonkeyPatch, survives: int
) -> None:
    """Whatever was recorded before a kill is neither lost nor doubled by the next server's poll."""
    monkeypatch.setattr(recording, "BATCH_CHANGES", 1)
    await world.poller(repository).poll()
    new = [repository.commit(f"new {n}") for n in range(3)]
    poller, calls = world.poller(repository), 0
    execute = poller._recorder.execute

    async def dying(*commands: Command) -> None:
        nonlocal calls
        if calls == survives:
            raise KilledError
        calls += 1
        await execute(*commands)

    monkeypatch.setattr(poller._recorder, "execute", dying)
    try:
        await poller.poll()
    except KilledError:
        assert survives < 4
    await world.poller(repository).poll()
    recorded = [change.revision for change in world.facts(ChangeRecorded) if not change.historic]
    assert recorded == new
    (move,) = [move for move in world.facts(BranchMoved) if not move.initial]
    assert move.changes == tuple(change_id("widget", revision) for revision in new)


async def test_a_failing_ledger_is_not_a_failing_source(world: World, repository: Repository) -> None:
    """What goes wrong on our side is raised; the source isn't blamed for it."""
    poller = world.poller(repository)

    def refuse(words: object) -> NoReturn:
        raise OSError("disk full")

    world.vault.put_many = refuse  # type: ignore[method-assign]
    with pytest.raises(OSError, match="disk full"):
        await poller.poll()
    assert world.facts(SourceFailed) == []


async def test_an_outage_is_logged_once_from_its_beginning_to_its_end(
    world: World, repository: Repository, caplog: pytest.LogCaptureFixture
) -> None:
    """One warning with the reason however often it is tried, and one line when the source is back."""
    caplog.set_level(logging.INFO, "buildledger.intake")
    poller = world.poller(repository)
    hidden = repository.path.with_name("hidden")
    repository.path.rename(hidden)
    for _ in range(3):
        await poller.poll()
    hidden.rename(repository.path)
    for _ in range(3):
        await poller.poll()
    logged = [(record.levelname, record.getMessage()) for record in caplog.records if "source" in record.getMessage()]
    assert [level for level, _ in logged] == ["WARNING", "INFO"]
    assert logged[0][1].startswith("source widget can't be read and will be tried again: it is not there (not_found): ")
    assert logged[1][1] == "source widget can be read again"
