"""Builders, workers, locks, properties and templates, converted from a real Buildbot's."""

from __future__ import annotations

import pytest

from buildledger.config.convert.buildbot.account import Kind, Status
from buildledger.config.lock_uses import LockUse
from buildledger.config.values import Expression, InputRef, PropertyRef
from tests.config.convert.buildbot.conftest import Convert, Converted

SITE = """
def slow(builder, workers):
    return workers[0]

c['title'], c['buildbotURL'] = 'A site', 'https://ci.example.org/'
c['properties'] = {'site-wide': 'yes'}
c['projects'] = [util.Project(name='The Widget', description='what is sold')]
db, tape, disk = util.MasterLock('db', maxCount=3), util.MasterLock('tape'), util.WorkerLock('disk', maxCount=2)
c['workers'] = [
    worker.Worker('one', 'pw', max_builds=3, properties={'os': 'linux', 'bits': 64}, missing_timeout=60),
    worker.Worker('two', 'pw', properties={'os': 'mac'}, notify_on_missing='a@example.org'),
    worker.LocalWorker('local_one'),
]
shared = [steps.ShellCommand(command=['make', util.Property('os'), util.Property('site-wide'), util.Property('asked')])]
factory = util.BuildFactory(shared)
locked = util.BuildFactory([steps.ShellCommand(command=['x'], locks=[tape.access('exclusive')])])
B = util.BuilderConfig
c['builders'] = [
    B(name='AMD64 (all)', workernames=['one', 'two'], factory=factory, tags=['a b', 'c'], collapseRequests=False,
      env={'CC': 'gcc'}, properties={'level': 3}, project='The Widget',
      locks=[db.access('counting', 2), tape.access('exclusive')]),
    B(name='same', workernames=['one', 'two'], factory=factory, locks=[disk.access('counting')], nextWorker=slow),
    B(name='AMD64 [all]', builddir='all2', workername='two', factory=locked,
      locks=[disk.access('exclusive'), db.access('exclusive')]),
    B(name='empty', workername='local_one', factory=util.BuildFactory()),
]
c['schedulers'] = [schedulers.ForceScheduler(name='force', builderNames=[each.name for each in c['builders']])]
"""


@pytest.fixture(scope="module")
def site(converted: Convert) -> Converted:
    """All of them, in one configuration."""
    return converted(SITE)


def test_builders(site: Converted) -> None:
    """Names that aren't names here are changed, and kept as the description; the rest is taken over."""
    assert list(site.configuration.builders) == ["AMD64-all", "same", "AMD64-all-2", "empty"]
    builder = site.builder("AMD64-all")
    assert (builder.description, builder.tags, builder.collapse) == ("AMD64 (all)", ("a-b", "c"), "never")
    assert builder.worker is not None
    assert builder.worker.source == "worker.name in ['one', 'two']"
    assert builder.project == "The-Widget"
    assert builder.properties["level"] == 3
    assert builder.steps[0].env["CC"] == "gcc"  # type: ignore[attr-defined]


def test_workers(site: Converted) -> None:
    """Capacity, labels and the time until it is missed; a local worker is one that the server starts."""
    workers = site.configuration.workers
    assert [(name, worker.capacity) for name, worker in workers.items()] == [("one", 3), ("two", 3), ("local_one", 1)]
    assert workers["one"].labels == {"os": "linux", "bits": "64"}
    assert workers["one"].missing_seconds == 60
    assert "start: {driver: local}" in site.conversion.yaml
    assert site.entry(Kind.WORKERS, "two").status is Status.NOTED


def test_locks(site: Converted) -> None:
    """A lock of the master is a lock; one of each worker is one where the builder has one worker, else it is noted."""
    assert {name: lock.count for name, lock in site.configuration.locks.items()} == {"db": 3, "tape": 1, "disk-two": 2}
    assert site.builder("AMD64-all").locks == (LockUse(lock="db", take=2), LockUse(lock="tape", take=1))
    assert site.builder("AMD64-all-2").locks == (LockUse(lock="disk-two", take=2), LockUse(lock="db", take=3))
    assert site.step("AMD64-all-2", 0).locks == (LockUse(lock="tape", take=1),)
    assert site.builder("same").locks == ()
    assert "for each worker" in site.entry(Kind.BUILDERS, "same").remarks[0].why


def test_functions_are_named(site: Converted) -> None:
    """A choice that code makes is named with its line, and with what makes such choices here."""
    remark = next(each for each in site.entry(Kind.BUILDERS, "same").remarks if each.what == "nextWorker")
    line = 1 + (site.file.parent / "master.cfg").read_text().splitlines().index("def slow(builder, workers):")
    assert f"'slow' (line {line} of master.cfg)" in remark.why
    assert remark.instead


def test_properties(site: Converted) -> None:
    """Properties of all builds are that here too; one that nobody sets is an input, which is said."""
    assert site.builder("same").properties == {"site_wide": "yes"}
    assert site.step("same", 0).argv[1:] == (
        Expression("worker.labels.os"),
        PropertyRef("site_wide"),
        InputRef("asked"),
    )
    assert site.builder("same").inputs["asked"].default == ""
    assert site.entry(Kind.PROPERTIES, "asked").status is Status.NOTED


def test_a_template(site: Converted) -> None:
    """Builders whose steps come out alike use one template, which gets their inputs handed down."""
    yaml = site.conversion.yaml
    assert yaml.count("use: AMD64-all-steps") == 2
    assert yaml.count("with: {asked: {input: asked}}") == 2


def test_the_server_and_projects(site: Converted) -> None:
    """The title, the address and the projects."""
    assert (site.configuration.server.title, site.configuration.server.url) == ("A site", "https://ci.example.org")
    assert "The-Widget: {title: The Widget, description: what is sold}" in site.conversion.yaml


def test_an_empty_factory_succeeds(site: Converted) -> None:
    """A builder without steps succeeds, as in Buildbot."""
    assert site.step("empty", 0).argv == ("true",)
