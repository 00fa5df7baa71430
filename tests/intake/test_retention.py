"""Artifacts go when they are old or when room is needed: as facts first, then from the disk, and nothing else goes."""

from __future__ import annotations

import os
from dataclasses import replace
from datetime import timedelta

import pytest

from buildledger.api.queries.health import health_of
from buildledger.events.build import ArtifactRemoved
from buildledger.logs.artifacts import digest_of
from buildledger.logs.artifacts_local import LocalArtifactStore
from buildledger.logs.artifacts_manifest import Entry, Manifest
from buildledger.retention import artifacts as retention
from buildledger.retention.artifacts import Retention
from buildledger.retention.clock_trust import ClockTrust
from buildledger.testing.clock import VirtualClock
from tests.api.conftest import Site, site
from tests.api.stored_builds import Builds

__all__ = ["site"]

DAY = timedelta(days=1)


class Attic:
    """A site whose artifacts age with its clock."""

    def __init__(self, site: Site) -> None:
        self.site = site
        clock, artifacts = site.deps.clock, site.deps.artifacts
        assert isinstance(clock, VirtualClock)
        assert isinstance(artifacts, LocalArtifactStore)
        self.clock = clock
        self.artifacts = artifacts
        self.trust = ClockTrust(site.ledger, clock)
        self._dated: set[str] = set()

    def later(self, days: float) -> None:
        """Date what has come since the last time, and let days pass."""
        at = self.clock.now().timestamp()
        for file in self.artifacts.files():
            if file.sha256 not in self._dated:
                self._dated.add(file.sha256)
                os.utime(self.artifacts.path(file.sha256), (at, at))
        self.clock.advance(days * 86_400)

    async def look(self, *, keep: timedelta | None = None, total_bytes: int | None = None, sweep: bool = False) -> int:
        """What the server does every hour."""
        looking = Retention(
            ledger=self.site.ledger,
            views=self.site.deps.views,
            artifacts=self.artifacts,
            clock=self.clock,
            trust=self.trust,
            keep=keep,
            total_bytes=total_bytes,
        )
        count = await looking.look(sweep=sweep)
        self.site.settle()
        return count

    def removed(self) -> list[tuple[object, str]]:
        """What was removed, and why."""
        facts = [each.fact for each in self.site.ledger.read(0, 100_000)]
        return [(fact.operation_id, fact.reason) for fact in facts if isinstance(fact, ArtifactRemoved)]


@pytest.fixture
def attic(site: Site) -> Attic:
    return Attic(site)


def a_build(attic: Attic, *contents: bytes) -> Builds:
    """A finished build that left these files."""
    build = Builds(attic.site)
    for content in contents:
        build.keep(content.decode()[:8], content)
    build.end()
    return build


def there(attic: Attic, content: bytes) -> bool:
    """Whether the bytes are here."""
    return attic.artifacts.has(digest_of(content))


async def test_old_artifacts_go(attic: Attic) -> None:
    """After their time, as facts with their reason and then from the disk; younger ones stay."""
    old = a_build(attic, b"old")
    attic.later(20)
    a_build(attic, b"younger")
    attic.later(11)
    assert await attic.look(keep=30 * DAY) == 1
    assert attic.removed() == [(old.operations[0], "expired")]
    assert (there(attic, b"old"), there(attic, b"younger")) == (False, True)
    assert await attic.look(keep=30 * DAY) == 0, "looking again removes nothing more"


async def test_a_clock_that_was_set_ahead_removes_nothing(attic: Attic) -> None:
    """Neither what would be too old nor what an upload has brought so far; health says why, until it is right."""
    a_build(attic, b"kept")
    attic.artifacts.put(b"on its way")
    attic.later(1)
    right = attic.clock.now()
    attic.clock.set(right + 400 * DAY)
    assert await attic.look(keep=30 * DAY, sweep=True) == 0
    a_build(attic, b"meanwhile")
    attic.clock.advance(3600)
    assert await attic.look(keep=30 * DAY, sweep=True) == 0
    assert attic.trust.doubt is not None
    assert "nothing was recorded for 40" in attic.trust.doubt
    deps = replace(attic.site.deps, retention_waits=lambda: attic.trust.doubt)
    assert attic.trust.doubt in health_of(deps).problems
    assert (there(attic, b"kept"), there(attic, b"on its way")) == (True, True)
    attic.clock.set(right)
    assert await attic.look(keep=30 * DAY) == 0
    assert attic.trust.doubt is None


@pytest.mark.parametrize("restarted", [False, True])
async def test_a_leap_is_believed_after_some_days(attic: Attic, restarted: bool) -> None:
    """No server ran for a year, or somebody has had time enough: what is too old goes then."""
    a_build(attic, b"old")
    attic.later(1)
    attic.clock.set(attic.clock.now() + 400 * DAY)
    a_build(attic, b"new")
    for _ in range(3):
        assert await attic.look(keep=30 * DAY) == 0
        attic.clock.advance(DAY.total_seconds())
        if restarted:
            attic.trust = ClockTrust(attic.site.ledger, attic.clock)
    assert await attic.look(keep=30 * DAY) == 1
    assert (there(attic, b"old"), there(attic, b"new")) == (False, True)


async def test_a_quiet_server_removes_what_is_old(attic: Attic) -> None:
    """One that has run all the time knows that nothing has happened, though nothing was recorded for weeks."""
    a_build(attic, b"old")
    attic.later(31)
    assert await attic.look(keep=30 * DAY) == 1


async def test_without_an_age_nothing_goes(attic: Attic) -> None:
    """The default keeps everything for ever."""
    a_build(attic, b"old")
    attic.later(10_000)
    assert await attic.look(sweep=True) == 0
    assert there(attic, b"old")


async def test_what_a_younger_artifact_needs_stays(attic: Attic) -> None:
    """Files are shared: one goes when the last artifact that is made of it has gone."""
    a_build(attic, b"shared", b"only old")
    attic.later(20)
    young = Builds(attic.site)
    entry = Entry(path="a", type="file", size=6, sha256=attic.artifacts.put(b"shared"))
    young.keep_directory("d", Manifest.of([entry]))
    young.end()
    attic.later(11)
    assert await attic.look(keep=30 * DAY) == 2
    assert there(attic, b"shared")
    assert not there(attic, b"only old")
    assert len(list(attic.artifacts.files())) == 2, "the file and the manifest that names it"


async def test_a_build_that_runs_keeps_what_it_left(attic: Attic) -> None:
    """However old: its later steps may want it."""
    build = Builds(attic.site)
    build.keep("a", b"a")
    attic.later(100)
    assert await attic.look(keep=DAY) == 0


async def test_the_oldest_go_before_the_quota_is_full(attic: Attic) -> None:
    """As many as it takes to come under nine tenths of it, oldest first."""
    builds = []
    for number in range(4):
        builds.append(a_build(attic, bytes([65 + number]) * 250))
        attic.later(3)
    assert await attic.look(total_bytes=2_000) == 0
    assert await attic.look(total_bytes=1_000) == 1
    assert attic.removed() == [(builds[0].operations[0], "quota")]
    assert attic.artifacts.used_bytes() == 750


async def test_files_that_never_became_an_artifact_go_after_some_days(attic: Attic) -> None:
    """An upload that failed leaves nothing for ever; one under way isn't disturbed."""
    attic.artifacts.put(b"orphan")
    attic.later(1)
    await attic.look(sweep=True)
    assert list(attic.artifacts.files())
    attic.later(1.5)
    await attic.look(sweep=True)
    assert not list(attic.artifacts.files())


async def test_nothing_goes_while_the_read_models_are_behind(attic: Attic, monkeypatch: pytest.MonkeyPatch) -> None:
    """What they don't know yet isn't taken for rubbish."""
    monkeypatch.setattr(retention, "PATIENCE_SECONDS", 0.1)
    a_build(attic, b"kept")
    attic.later(10)
    projector = attic.site.deps.projector
    assert projector is not None
    projector.close()
    attic.site.world.submit("lint")
    with pytest.raises(TimeoutError, match="have come to position"):
        await attic.look(sweep=True)
    assert there(attic, b"kept")
