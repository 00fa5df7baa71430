"""Commits that were handed in before a poll could see them."""

from __future__ import annotations

import shutil
from datetime import UTC, datetime
from pathlib import Path

import pytest

from buildledger.domain.source import MoveBranch
from buildledger.events.change import BranchMoved
from buildledger.intake.polling.recording import Recorder
from buildledger.ledger.submission import Origin
from buildledger.sources.commits import Commit, Person
from tests.fakes.repository import Repository
from tests.intake.conftest import World

JANE = Person(name="Jane Doe", email="jane@acme.example")
THEN = datetime(2026, 1, 1, tzinfo=UTC)


async def hand_in(world: World, repository: Repository, branch: str, *revisions: str) -> None:
    """Somebody tells of commits before the repository has them."""
    recorder = Recorder(world.ledger, world.vault, source="widget", repository=repository.url)
    told = {"author": JANE, "committer": JANE, "co_authors": (), "committed_at": THEN, "message": "handed in"}
    rest = {"parents": (), "files": (), "file_count": 0}
    commits = [Commit(revision=each, **told, **rest) for each in revisions]  # type: ignore[arg-type]
    said = recorder.prepare(commits, branch=branch, historic=False)
    move = BranchMoved(source="widget", branch=branch, revision=revisions[-1])
    commands = (*said.claims.values(), *said.changes, MoveBranch(source="widget", move=move))
    await world.ledger.execute(*commands, origin=Origin(actor="user:jane"))


@pytest.mark.parametrize("restarted", [False, True])
async def test_what_was_handed_in_is_awaited(world: World, repository: Repository, restarted: bool) -> None:
    """A poll before it has come moves no branch back and deletes none; when it comes nothing is left to tell."""
    poller = world.poller(repository)
    await poller.poll()
    copy = Repository.of(Path(shutil.copytree(repository.path, world.path / "desk")))
    coming = copy.commit("on its way")
    await hand_in(world, repository, "main", coming)
    await hand_in(world, repository, "topic", coming)
    before = world.facts(BranchMoved)
    for _ in range(2):
        await (world.poller(repository) if restarted else poller).poll(hinted=True)
    assert world.facts(BranchMoved) == before
    repository.git("fetch", "--quiet", str(copy.path), "main")
    repository.git("reset", "--quiet", "--hard", "FETCH_HEAD")
    repository.git("branch", "topic")
    await (world.poller(repository) if restarted else poller).poll()
    assert world.facts(BranchMoved) == before


async def test_what_was_handed_in_holds_up_nothing_new(world: World, repository: Repository) -> None:
    """Where the branch gets other commits instead, it is where they are; thrown away, what was polled is so at once."""
    poller = world.poller(repository)
    await poller.poll()
    await hand_in(world, repository, "main", "f" * 40)
    new = repository.commit("something else")
    await poller.poll()
    assert world.facts(BranchMoved)[-1].revision == new
    repository.git("reset", "--quiet", "--hard", "HEAD~1")
    await poller.poll()
    assert (world.facts(BranchMoved)[-1].revision, world.facts(BranchMoved)[-1].forced) == (repository.head(), True)
