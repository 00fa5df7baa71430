"""Everything of a `master.cfg` is accounted for."""

from __future__ import annotations

from buildledger.config.convert.buildbot import unconverted
from buildledger.config.convert.buildbot.account import Kind, Status
from tests.config.convert.buildbot.conftest import Convert

SITE = """
lock = util.MasterLock('db', maxCount=2)
c['workers'] = [worker.Worker('one', 'pw'), worker.LocalWorker('two')]
shared = util.BuildFactory([
    steps.Git(repourl='https://example.org/widget.git'),
    steps.ShellCommand(command=['make']),
    steps.MasterShellCommand(command='true'),
])
other = util.BuildFactory([steps.Trigger(schedulerNames=['later'])])
c['builders'] = [
    util.BuilderConfig(name='a', workernames=['one'], factory=shared, locks=[lock.access('counting')]),
    util.BuilderConfig(name='b', workernames=['one', 'two'], factory=shared),
    util.BuilderConfig(name='c', workernames=['two'], factory=other),
]
c['schedulers'] = [
    schedulers.ForceScheduler(name='force', builderNames=['a', 'b']),
    schedulers.Triggerable(name='later', builderNames=['c']),
]
"""


def test_the_sums_are_whole(converted: Convert) -> None:
    """Each builder, worker, scheduler, lock and step of a factory is counted once, whatever became of it."""
    site = converted(SITE)
    counts = site.conversion.account.counts()
    expected = {Kind.BUILDERS: 3, Kind.WORKERS: 2, Kind.SCHEDULERS: 2, Kind.LOCKS: 1, Kind.STEPS: 4, Kind.SOURCES: 1}
    assert {kind: sum(counts[kind].values()) for kind in expected} == expected


def test_nothing_is_in_no_list(converted: Convert) -> None:
    """What isn't converted, or not as it was, stands on the page with its line; what is converted doesn't."""
    site = converted(SITE)
    page = site.conversion.unconverted
    for entry in site.conversion.account.entries:
        # Settings are the master's as a whole: where they were set isn't known.
        assert (entry.place is None) == (entry.kind is Kind.SETTINGS)
        place = f" (master.cfg:{entry.place.line})" if entry.place else ""
        listed = f"  - {entry.name}{place}\n" in page
        assert listed == (entry.status is not Status.CONVERTED), entry
    line = 1 + (site.file.parent / "master.cfg").read_text().splitlines().index(
        "    steps.MasterShellCommand(command='true'),"
    )
    assert f"  - MasterShellCommand (master.cfg:{line})\n" in page


def test_a_builder_is_whole_if_its_steps_are(converted: Convert) -> None:
    """Builders that have lost steps have parts missing, one that has lost all is lost, and both are listed."""
    site = converted(SITE)
    statuses = {name: site.entry(Kind.BUILDERS, name).status for name in ("a", "b", "c")}
    assert statuses == {"a": Status.PARTIAL, "b": Status.PARTIAL, "c": Status.UNCONVERTED}
    assert "| builders | 3 | 0 | 0 | 2 | 1 | 0 % |" in site.conversion.unconverted
    assert "**steps**: of 3, 1 missing." in site.conversion.unconverted
    assert unconverted.lines(site.conversion.account)[0].split(maxsplit=3)[3] == "0 whole, 2 with parts missing, 1 lost"


def test_the_result_is_a_configuration(converted: Convert) -> None:
    """The result loads; builders that share a factory share a template; what was left out is said in place."""
    site = converted(SITE)
    assert list(site.configuration.builders) == ["a", "b", "c"]
    assert site.conversion.yaml.count("use: a-steps") == 2
    assert "# not converted: MasterShellCommand" in site.conversion.yaml
    assert site.builder("a").steps == site.builder("b").steps
