"""Shapes that public configurations have: many workers, parameters that are no text, paths above the directory."""

from __future__ import annotations

import pytest

from buildledger.config.convert.buildbot.account import Kind, Status
from buildledger.config.resolved import ChangeTrigger
from tests.config.convert.buildbot.conftest import Convert, Converted

SITE = r"""
import re
crowd = [f'linux-x86_64-machine-of-the-laboratory-{number}' for number in range(60)]
c['workers'] = [worker.Worker(name, 'hunter22') for name in [*crowd, 'alone']]
beside = util.BuildFactory([
    steps.Git(repourl='https://git.example.org/widget.git', workdir='src', haltOnFailure=True),
    steps.ShellCommand(name='configure', command=['../src/configure', '--prefix=/opt']),
    steps.ShellCommand(name='tidy', command=['rm', '-rf', 'build'], workdir='.'),
    steps.ShellCommand(name='below', command=['../run', 'x/../y'], workdir='build/deep'),
    steps.ShellCommand(name='asked', command=['make', 'all'], doStepIf=util.Property('clean')),
    steps.ShellCommand(name='text', command=['make', util.Interpolate('CLEAN=%(prop:clean:#?|1|0)s -j%(prop:jobs)s')]),
])
c['builders'] = [
    util.BuilderConfig(name='everywhere', workernames=crowd, factory=beside),
    util.BuilderConfig(name='here too', workernames=crowd, factory=beside),
    util.BuilderConfig(name='fetches itself', workernames=['alone'], factory=util.BuildFactory([
        steps.ShellCommand(command=['git', 'pull'])])),
    util.BuilderConfig(name='alone', workernames=['alone'], factory=beside),
]
c['change_source'] = [changes.GitPoller('https://git.example.org/polled.git', branch='main', pollInterval=300)]
c['schedulers'] = [
    schedulers.SingleBranchScheduler(name='by itself', branch='main', builderNames=['fetches itself']),
    schedulers.ForceScheduler(name='force', builderNames=['everywhere', 'here too', 'alone'], properties=[
        util.BooleanParameter(name='clean', default=True),
        util.NestedParameter(name='more', fields=[util.IntParameter(name='jobs', default=4)]),
    ]),
    schedulers.AnyBranchScheduler(name='some', builderNames=['alone'], change_filter=util.ChangeFilter(
        repository_re='.*widget.*', category_re='x', project=['a'])),
]
"""


@pytest.fixture(scope="module")
def site(converted: Convert) -> Converted:
    """All of them in one configuration."""
    return converted(SITE)


def remarks(site: Converted, kind: Kind, name: str) -> dict[str, str]:
    """What is said of the only thing with this name."""
    return {remark.what: remark.why for remark in site.entry(kind, name).remarks}


def test_more_workers_than_an_expression_holds_share_a_label(site: Converted) -> None:
    """The names of sixty workers are longer than an expression may be, so those and no others have a label."""
    assert site.conversion.yaml.count("worker: worker.labels.group_1 == 'true'") == 2
    workers = site.configuration.workers
    assert {name for name in workers if "group_1" not in workers[name].labels} == {"alone"}


def test_what_people_give_as_a_boolean_is_asked_as_one(site: Converted) -> None:
    """Expressions over a parameter that is no text pass the check: the whole file does."""
    assert site.builder("alone").inputs["clean"].type == "boolean"
    assert "string(inputs.clean)" in str(site.step("alone", 4).when)
    assert "string(inputs.jobs)" in str(site.step("alone", 5))


def test_paths_above_the_directory_are_said(site: Converted) -> None:
    """What stood beside the build's directory is inside it now; a path that still says otherwise isn't silent."""
    assert "'../src' is outside" in remarks(site, Kind.STEPS, "configure")["paths"]
    assert "ran in the directory that 'build' is in" in remarks(site, Kind.STEPS, "tidy")["workdir"]
    assert "paths" not in remarks(site, Kind.STEPS, "below")


def test_every_part_of_a_filter_is_said(site: Converted) -> None:
    """What chooses changes by other things than branches is noted, whichever of Buildbot's words it has."""
    assert site.entry(Kind.SCHEDULERS, "some").status is Status.NOTED
    assert {"repository_re", "category_re", "project"} <= set(remarks(site, Kind.SCHEDULERS, "some"))


def test_builders_that_fetch_by_themselves_follow_what_is_polled(site: Converted) -> None:
    """Without a checkout a scheduler builds for the repository that a change source looks at, and it is said."""
    assert "name: by-itself" in site.conversion.yaml
    trigger = site.configuration.triggers["by-itself"]
    assert isinstance(trigger, ChangeTrigger)
    assert (trigger.source, trigger.build) == ("polled", ("fetches-itself",))
    assert "those that are polled" in remarks(site, Kind.SCHEDULERS, "by itself")["sources"]
