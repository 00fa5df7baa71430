"""All pollers together: woken by notes and by the file system, following the configuration, ending cleanly."""

from __future__ import annotations

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Callable

import pytest

from buildledger.config.resolved import Source
from buildledger.events.change import BranchMoved, ChangeRecorded, SourceFailed
from buildledger.events.pipeline import PipelineRead, PipelineRejected
from buildledger.intake.polling.pollers import Pollers
from buildledger.intake.polling.slots import PollSlots
from tests.fakes.repository import Repository
from tests.fakes.silent_host import SilentHost
from tests.intake.conftest import World, grant

DEADLINE_SECONDS = 20.0
PIPELINE = "version: 1\nbuilders: {tests: {when: change.branch != 'x', steps: [{run: [make]}]}}\n"


@pytest.fixture
async def pollers(world: World) -> AsyncIterator[Pollers]:
    pollers = Pollers(ledger=world.ledger, vault=world.vault, mirrors=world.path / "mirrors", random=lambda: 0.5)
    yield pollers
    await pollers.close()


@pytest.fixture
async def silent_host() -> AsyncIterator[SilentHost]:
    async with SilentHost() as host:
        yield host


async def until(condition: Callable[[], bool]) -> None:
    """Wait for something that other tasks bring about."""
    async with asyncio.timeout(DEADLINE_SECONDS):
        while not condition():  # noqa: ASYNC110 - other processes and tasks set no event
            await asyncio.sleep(0.01)


def heads(world: World) -> dict[str, str | None]:
    return {f"{move.source}/{move.branch}": move.revision for move in world.facts(BranchMoved)}


async def test_a_local_commit_is_seen_at_once(world: World, repository: Repository, pollers: Pollers) -> None:
    """A commit to a repository in the file system needs no hook and doesn't wait for the interval."""
    await pollers.apply({"widget": world.source(repository, poll_seconds=3600.0)})
    await until(lambda: "widget/main" in heads(world))
    revision = repository.commit("new")
    await until(lambda: heads(world)["widget/main"] == revision)
    repository.git("checkout", "--quiet", "-b", "feature/deep/down")
    await until(lambda: "widget/feature/deep/down" in heads(world))


async def test_a_note_wakes_the_poller(world: World, repository: Repository, pollers: Pollers) -> None:
    """A source that is not polled is read whenever somebody says that it has changed, and only then."""
    await pollers.apply({"widget": world.source(repository, poll_seconds=None)})
    assert pollers.trigger_poll("widget")
    await until(lambda: "widget/main" in heads(world))
    revision = repository.commit("new")
    assert pollers.trigger_poll("widget")
    await until(lambda: heads(world)["widget/main"] == revision)
    assert not pollers.trigger_poll("unknown")


async def test_what_was_announced_too_early_is_found(world: World, repository: Repository) -> None:
    """A note about something that isn't there yet is followed up a few times, also without any interval."""
    repeats = Pollers(
        ledger=world.ledger,
        vault=world.vault,
        mirrors=world.path / "mirrors",
        random=lambda: 0.5,
        repeat_seconds=(1.0, 1.0),
    )
    await repeats.apply({"widget": world.source(repository, poll_seconds=None)})
    assert repeats.trigger_poll("widget")
    await until(lambda: "widget/main" in heads(world))
    assert repeats.trigger_poll("widget")
    await asyncio.sleep(0.5)
    revision = repository.commit("late")
    await until(lambda: heads(world)["widget/main"] == revision)
    await repeats.close()


async def test_intervals(world: World, repository: Repository, pollers: Pollers) -> None:
    """Without any note the source is read again and again."""
    network = Source(name="widget", kind="git", url=repository.url, poll_seconds=0.05)
    await pollers.apply({"widget": network})
    for name in ("one", "two"):
        await until(lambda: "widget/main" in heads(world))
        revision = repository.commit(name)
        await until(lambda revision=revision: heads(world)["widget/main"] == revision)  # type: ignore[misc]


async def test_following_the_configuration(world: World, repository: Repository, pollers: Pollers) -> None:
    """Sources come, change and go while others are not disturbed."""
    kept, gone = world.source(repository), Source(name="gone", kind="git", url=repository.url)
    await pollers.apply({"widget": kept, "gone": gone})
    await until(lambda: {"widget/main", "gone/main"} <= heads(world).keys())
    repository.git("branch", "topic")
    await until(lambda: {"widget/topic", "gone/topic"} <= heads(world).keys())
    added = Source(name="added", kind="git", url=repository.url, branches=("main",))
    await pollers.apply({"widget": kept, "added": added})
    assert not pollers.trigger_poll("gone")
    await until(lambda: "added/main" in heads(world))
    revision = repository.commit("new")
    await until(lambda: heads(world)["widget/main"] == heads(world)["added/main"] == revision)
    assert "added/topic" not in heads(world)
    assert heads(world)["gone/main"] != revision


async def test_few_polls_at_once(world: World, repository: Repository, silent_host: SilentHost) -> None:
    """However many sources there are, no more than the limit ask their hosts at a time, and all get their turn."""
    limited = Pollers(
        ledger=world.ledger, vault=world.vault, mirrors=world.path / "mirrors", random=lambda: 0.5, slots=PollSlots(2)
    )
    names = [f"s{n}" for n in range(6)]
    await limited.apply({name: Source(name=name, kind="git", url=f"{silent_host.url}/{name}.git") for name in names})
    await until(lambda: len(silent_host.open) == 2)
    # in the time that a whole poll of another source takes, a third one would have come
    await world.poller(repository).poll()
    assert len(silent_host.open) == 2
    silent_host.refuse_all()
    await until(lambda: {failure.source for failure in world.facts(SourceFailed)} == set(names))
    await limited.close()


async def test_hosts_that_hang_do_not_stop_the_others(
    world: World, repository: Repository, silent_host: SilentHost
) -> None:
    """More silent hosts than there are places leave them after moments; each is given up, and is tried again."""
    slots = PollSlots(2, slow_at_once=8, slow_after_seconds=0.1)
    pollers = Pollers(
        ledger=world.ledger,
        vault=world.vault,
        mirrors=world.path / "mirrors",
        random=lambda: 0.5,
        slots=slots,
        list_seconds=2.0,
    )
    silent = {f"s{n}": Source(name=f"s{n}", kind="git", url=f"{silent_host.url}/s{n}.git") for n in range(6)}
    await pollers.apply({**silent, "widget": world.source(repository)})
    await until(lambda: "widget/main" in heads(world))
    assert not world.facts(SourceFailed), "the others waited for no host that hangs"
    await until(lambda: {failure.source for failure in world.facts(SourceFailed)} == set(silent))
    assert world.facts(SourceFailed)[0].detail == "git did not finish in 2 s"
    await pollers.close()


async def test_places_come_back_whatever_ends_a_poll() -> None:
    """Quick ones, slow ones, cancelled ones: all places are free again, and no more were taken than there are."""
    slots = PollSlots(1, slow_at_once=1, slow_after_seconds=0.01)
    running, most = 0, 0

    async def poll(seconds: float) -> None:
        nonlocal running, most
        async with slots.taken():
            running += 1
            most = max(most, running)
            try:
                await asyncio.sleep(seconds)
            finally:
                running -= 1

    tasks = [asyncio.create_task(poll(seconds)) for seconds in (30, 30, 0, 30, 0.05, 0)]
    await asyncio.sleep(0.05)
    for task in tasks[:4]:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    assert most == 2
    async with asyncio.timeout(DEADLINE_SECONDS):
        await asyncio.gather(poll(0), poll(0))


async def test_an_unexpected_error_ends_no_poll_loop(
    world: World, repository: Repository, pollers: Pollers, caplog: pytest.LogCaptureFixture
) -> None:
    """A poll that fails in a way nobody thought of is logged and repeated; the loop goes on."""
    with sqlite3.connect(world.path / "vault.db") as vault:
        vault.execute("ALTER TABLE word RENAME TO hidden")
    await pollers.apply({"widget": Source(name="widget", kind="git", url=repository.url, poll_seconds=0.05)})
    await until(lambda: "the poll failed and will be repeated" in caplog.text)
    assert not world.facts(ChangeRecorded), "texts are durable before the facts that name them"
    with sqlite3.connect(world.path / "vault.db") as vault:
        vault.execute("ALTER TABLE hidden RENAME TO word")
    await until(lambda: "widget/main" in heads(world))


async def test_a_source_that_breaks_does_not_stop_the_others(
    world: World, repository: Repository, pollers: Pollers
) -> None:
    """An address where nothing is costs its own source only, and the loop goes on."""
    missing = Source(name="missing", kind="git", url="file:///nowhere/at/all.git", poll_seconds=0.05)
    await pollers.apply({"missing": missing, "widget": world.source(repository)})
    await until(lambda: "widget/main" in heads(world) and bool(world.facts(SourceFailed)))
    assert pollers.trigger_poll("missing")


async def test_closing_in_the_middle_of_a_poll(world: World, repository: Repository) -> None:
    """Closing waits for no interval and no git, and what was cut off is done by the next start."""
    for _ in range(5):
        pollers = Pollers(ledger=world.ledger, vault=world.vault, mirrors=world.path / "mirrors", random=lambda: 0.5)
        await pollers.apply({"widget": world.source(repository)})
        await asyncio.sleep(0)
        async with asyncio.timeout(DEADLINE_SECONDS):
            await pollers.close()
    poller = world.poller(repository)
    await poller.poll()
    assert heads(world) == {"widget/main": repository.head()}


async def test_a_configuration_has_files_read_again_at_once(
    world: World, repository: Repository, pollers: Pollers
) -> None:
    """Without a poll, also of a source that is never polled: a file that its grants don't suit any more is told."""
    await grant(world, repository)
    repository.commit("file", **{".buildledger.yaml": PIPELINE})
    sources = {"widget": world.source(repository, poll_seconds=None)}
    await pollers.apply(sources, ["widget"])
    assert pollers.trigger_poll("widget")
    await until(lambda: bool(world.facts(PipelineRead)))
    unseen = repository.commit("not polled", **{".buildledger.yaml": "version: 1\n"})
    await grant(world, repository, "{may_define: builders}")
    await pollers.apply(sources, ["widget"])
    await until(lambda: bool(world.facts(PipelineRejected)))
    assert unseen not in {fact.revision for fact in world.facts(PipelineRejected)}
