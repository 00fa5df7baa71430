"""Following a git repository: what is in it becomes facts, once each."""

from __future__ import annotations

from pathlib import Path

import pytest

from buildledger.events.change import BranchMoved, ChangeRecorded, DefaultBranchChanged, SourceFailed
from buildledger.events.ids import change_id
from buildledger.events.person import ClaimRecorded
from buildledger.intake.polling import poller, recording
from buildledger.intake.polling.poller import DEFAULT_BRANCH_POLLS
from buildledger.ledger.store import FactQuery
from tests.fakes.repository import Repository
from tests.intake.conftest import World


async def test_what_is_there_already_is_history(world: World, repository: Repository) -> None:
    """The first poll records commits as historic and branches as initial: nothing is new."""
    await world.poller(repository).poll()
    changes = world.facts(ChangeRecorded)
    assert [change.historic for change in changes] == [True, True]
    assert changes[1].parents == (changes[0].revision,)
    (move,) = world.facts(BranchMoved)
    assert (move.branch, move.revision, move.initial, move.changes) == ("main", repository.head(), True, ())


async def test_the_default_branch_is_where_head_points(world: World, repository: Repository) -> None:
    """It is known before any branch is, whatever it is called, and followed when it becomes another one."""
    repository.git("branch", "-m", "main", "zeta")
    repository.git("branch", "master")
    poller = world.poller(repository)
    await poller.poll()
    kinds = [type(it.fact) for it in world.ledger.read(0, 100_000) if it.name.startswith("source.")]
    assert kinds == [DefaultBranchChanged, BranchMoved, BranchMoved]
    repository.git("symbolic-ref", "HEAD", "refs/heads/master")
    for _ in range(DEFAULT_BRANCH_POLLS):
        await poller.poll()
    repository.git("symbolic-ref", "HEAD", "refs/heads/nowhere")
    await poller.poll(hinted=True)
    await world.poller(repository).poll()
    said = [(fact.branch, fact.previous) for fact in world.facts(DefaultBranchChanged)]
    assert said == [("zeta", None), ("master", "zeta"), (None, "master")]


async def test_history_is_limited(world: World, repository: Repository, monkeypatch: pytest.MonkeyPatch) -> None:
    """Of a long history the newest commits are recorded, over all branches together."""
    monkeypatch.setattr(poller, "HISTORY_CHANGES", 2)
    head = repository.commit("third")
    repository.git("checkout", "--quiet", "-b", "other")
    repository.commit("fourth")
    repository.git("checkout", "--quiet", "main")
    await world.poller(repository).poll()
    assert [change.revision for change in world.facts(ChangeRecorded)] == [repository.git("rev-parse", "HEAD~1"), head]
    assert len(world.facts(BranchMoved)) == 2


async def test_new_commits_come_oldest_first(
    world: World, repository: Repository, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Commits are recorded in batches, parents before children, and then their branch moves and names them."""
    monkeypatch.setattr(recording, "BATCH_CHANGES", 2)
    poller = world.poller(repository)
    await poller.poll()
    before = repository.head()
    new = [repository.commit(f"new {n}") for n in range(5)]
    await poller.poll()
    recorded = [change for change in world.facts(ChangeRecorded) if not change.historic]
    assert [change.revision for change in recorded] == new
    move = world.facts(BranchMoved)[-1]
    assert (move.previous, move.revision, move.forced, move.change_count) == (before, new[-1], False, 5)
    assert move.changes == tuple(change_id("widget", revision) for revision in new)
    assert isinstance(world.ledger.read(world.ledger.head() - 1, 1)[0].fact, BranchMoved)


async def test_a_repeated_poll_decides_nothing(world: World, repository: Repository) -> None:
    """Polling again, also by a server that has just started, and also without its mirror, adds no fact."""
    await world.poller(repository).poll()
    head = world.ledger.head()
    await world.poller(repository).poll()
    await world.poller(repository).poll(hinted=True)
    for place in sorted((world.path / "mirrors").rglob("*"), reverse=True):
        place.rmdir() if place.is_dir() else place.unlink()
    await world.poller(repository).poll()
    assert world.ledger.head() == head


async def test_words_are_in_the_vault_and_not_in_facts(world: World, repository: Repository) -> None:
    """Names, addresses and messages stand in the vault; facts hold ids, the same id for the same person."""
    message = "fix: the thing\n\nCo-authored-by: Kim Lee <Kim@Acme.example>\nCo-Authored-By: Jo <jo@acme.example>"
    repository.commit(message, author="Jane  Doe <JANE@acme.example>")
    await world.poller(repository).poll()
    change = world.facts(ChangeRecorded)[-1]
    assert change.author == change.committer == world.facts(ChangeRecorded)[0].author
    assert len(change.co_authors) == 2
    words = world.words(change)
    assert words.message == message
    assert words.co_authors == ("Kim Lee <Kim@Acme.example>", "Jo <jo@acme.example>")
    claims = {claim.words_id: claim.words_digest for claim in world.facts(ClaimRecorded)}
    assert set(world.vault.get_many(claims).texts.values()) == {
        "Jane Doe <jane@acme.example>",
        *words.co_authors,
    }
    stored = b"".join(it.body for it in world.ledger.store.select_facts(FactQuery(), 1000))
    assert b"acme.example" not in stored


async def test_hostile_words_and_names(world: World, repository: Repository) -> None:
    """Control characters in a message, a file name that isn't UTF-8, and one that looks like git's own output."""
    poller = world.poller(repository)
    await poller.poll()
    repository.write(b"caf\xe9.txt")
    repository.write("line\nbreak\t\x01")
    repository.write(":100644 100644 0000 0000 M")
    message = "bell \x07 escape \x1b[31m and \x01\x02\r\n\n:100644 100644 a b M\n" + "a" * 40
    revision = repository.commit(message)
    await poller.poll()
    change = world.facts(ChangeRecorded)[-1]
    assert change.revision == revision
    assert {file.path for file in change.files} == {"caf\\xe9.txt", "line\nbreak\t\x01", ":100644 100644 0000 0000 M"}
    assert world.words(change).message == message


async def test_commits_with_odd_headers(world: World, repository: Repository) -> None:
    """No author name, an absurd time, a Latin-1 message with and without saying so, a NUL byte: all are recorded."""
    poller = world.poller(repository)
    await poller.poll()
    tree, parent = repository.git("rev-parse", "HEAD^{tree}"), repository.head()
    for headers, body in (
        ("author  <> 99999999999999999 +0000\ncommitter X <x@y> 99999999999999999 +0000", b"late"),
        ("author A <a@b> 1 +0000\ncommitter A <a@b> 1 +0000\nencoding ISO-8859-1", b"caf\xe9"),
        ("author A <a@b> 1 +0000\ncommitter A <a@b> 1 +0000", b"caf\xe9"),
        ("author A <a@b> 1 +0000\ncommitter A <a@b> 1 +0000", b"one\0two"),
    ):
        text = f"tree {tree}\nparent {parent}\n{headers}\n\n".encode() + body + b"\n"
        parent = repository.git("hash-object", "-w", "-t", "commit", "--literally", "--stdin", stdin=text)
    repository.git("update-ref", "refs/heads/main", parent)
    await poller.poll()
    changes = world.facts(ChangeRecorded)[-4:]
    assert [change.historic for change in changes] == [False] * 4
    messages = [world.words(change).message for change in changes]
    assert messages[:3] == ["late", "café", "caf\\xe9"]
    assert messages[3].startswith("one")
    assert changes[-1].revision == parent


async def test_files_and_their_kinds(world: World, repository: Repository) -> None:
    """A rename is a deletion and an addition, so that rules about paths see both ends of it."""
    poller = world.poller(repository)
    await poller.poll()
    repository.git("mv", "a.txt", "b.txt")
    repository.write("c.txt")
    repository.commit("rename and add")
    repository.commit("modify", **{"c.txt": "other\n"})
    await poller.poll()
    first, second = world.facts(ChangeRecorded)[-2:]
    assert {(file.path, file.kind) for file in first.files} == {
        ("a.txt", "deleted"),
        ("b.txt", "added"),
        ("c.txt", "added"),
    }
    assert [(file.path, file.kind) for file in second.files] == [("c.txt", "modified")]
    assert first.file_count == 3


async def test_merges(world: World, repository: Repository) -> None:
    """A merge has two parents, brings the files of its branch, and makes the branch's commits new on main."""
    poller = world.poller(repository)
    await poller.poll()
    repository.git("checkout", "--quiet", "-b", "topic")
    topic = repository.commit("on topic", **{"topic.txt": "t\n"})
    await poller.poll()
    repository.git("checkout", "--quiet", "main")
    mainline = repository.commit("on main", **{"main.txt": "m\n"})
    repository.git("merge", "--quiet", "--no-ff", "-m", "merge", "topic")
    await poller.poll()
    merge = world.facts(ChangeRecorded)[-1]
    assert merge.parents == (mainline, topic)
    assert [file.path for file in merge.files] == ["topic.txt"]
    assert world.facts(BranchMoved)[1].branch == "topic"
    move = world.facts(BranchMoved)[-1]
    assert set(move.changes) == {change_id("widget", it) for it in (mainline, topic, merge.revision)}
    assert [change.revision for change in world.facts(ChangeRecorded)].count(topic) == 1


@pytest.mark.parametrize("mirror_kept", [True, False])
async def test_force_push(world: World, repository: Repository, mirror_kept: bool) -> None:
    """A branch whose old head is no ancestor has been forced, also when nobody has the old head any more."""
    poller = world.poller(repository)
    await poller.poll()
    before = repository.head()
    repository.git("reset", "--quiet", "--hard", "HEAD~1")
    instead = repository.commit("instead")
    if not mirror_kept:
        (world.path / "mirrors").rename(world.path / "lost")
        repository.git("reflog", "expire", "--expire=now", "--all")
        repository.git("gc", "--quiet", "--prune=now")
    await poller.poll()
    move = world.facts(BranchMoved)[-1]
    assert (move.previous, move.revision, move.forced) == (before, instead, True)
    assert move.changes[-1] == change_id("widget", instead)
    repository.git("reset", "--quiet", "--hard", "HEAD~1")
    await poller.poll()
    rewound = world.facts(BranchMoved)[-1]
    assert (rewound.forced, rewound.changes, rewound.change_count) == (True, (), 0)


async def test_branches_come_and_go(world: World, repository: Repository) -> None:
    """A new branch names only what no other branch has; a deleted one points nowhere."""
    poller = world.poller(repository)
    await poller.poll()
    repository.git("checkout", "--quiet", "-b", "topic")
    await poller.poll()
    assert world.facts(BranchMoved)[-1].change_count == 0
    repository.git("checkout", "--quiet", "-b", "other")
    revision = repository.commit("on other")
    await poller.poll()
    move = world.facts(BranchMoved)[-1]
    assert (move.branch, move.previous, move.forced) == ("other", None, False)
    assert move.changes == (change_id("widget", revision),)
    repository.git("checkout", "--quiet", "main")
    repository.git("branch", "-D", "other")
    await poller.poll()
    gone = world.facts(BranchMoved)[-1]
    assert (gone.branch, gone.previous, gone.revision) == ("other", revision, None)


async def test_only_branches_that_are_followed(world: World, repository: Repository) -> None:
    """A branch that no pattern takes is not recorded, nor are its commits."""
    poller = world.poller(repository, branches=("main", "release/*"))
    await poller.poll()
    repository.git("checkout", "--quiet", "-b", "topic")
    repository.commit("unseen")
    repository.git("checkout", "--quiet", "-b", "release/1", "main")
    seen = repository.commit("seen")
    await poller.poll()
    assert [move.branch for move in world.facts(BranchMoved)] == ["main", "release/1"]
    assert [change.revision for change in world.facts(ChangeRecorded) if not change.historic] == [seen]


async def test_hostile_branch_names_are_data(world: World, repository: Repository) -> None:
    """A branch called like an option is followed like any other, and runs nothing."""
    marker = world.path / "owned"
    repository.git("update-ref", f"refs/heads/--upload-pack=touch${{IFS}}{marker.name}", "HEAD")
    await world.poller(repository).poll()
    assert {move.branch for move in world.facts(BranchMoved)} == {
        "main",
        f"--upload-pack=touch${{IFS}}{marker.name}",
    }
    assert not list(world.path.rglob(marker.name))


async def test_a_branch_with_too_long_a_name_is_left_out(world: World, repository: Repository) -> None:
    """The others are followed all the same, and it is said once."""
    poller = world.poller(repository)
    await poller.poll()
    long = "/".join(["x" * 200] * 5)
    repository.git("branch", long)
    repository.git("branch", "short")
    await poller.poll()
    await poller.poll()
    assert {fact.branch for fact in world.facts(BranchMoved)} == {"main", "short"}
    assert world.facts(SourceFailed) == []


async def test_a_repository_that_is_shallow_itself_is_followed(
    world: World, repository: Repository, tmp_path: Path
) -> None:
    """Its branches are seen, with the history that it has, also when that begins later the next time."""
    copy = tmp_path / "copy.git"
    repository.git("clone", "--quiet", "--bare", "--depth=1", repository.url, str(copy))
    poller = world.poller(Repository.of(copy))
    await poller.poll()
    repository.commit("third")
    head = repository.commit("fourth")
    repository.git(f"--git-dir={copy}", "fetch", "--quiet", "--depth=1", repository.url, "+main:main")
    await poller.poll()
    assert world.facts(SourceFailed) == []
    assert [move.revision for move in world.facts(BranchMoved)] == [repository.git("rev-parse", "HEAD~2"), head]
