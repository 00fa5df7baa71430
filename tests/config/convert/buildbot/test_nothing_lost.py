"""Kinds of things that Buildbot's manual shows: what an argument says is in the result, or said to be left out."""

from __future__ import annotations

import pytest

from buildledger.config.convert.buildbot.account import Kind, Status
from buildledger.config.resolved import ChangeTrigger
from tests.config.convert.buildbot.conftest import Convert, Converted

SITE = """
c['www'] = {'port': 8010}
c['workers'] = [worker.Worker('one', 'pw', keepalive_interval=60, max_builds=2)]
named, unnamed = 'https://git.example.org/named.git', 'https://git.example.org/unnamed.git'
one = util.BuildFactory([
    steps.Git(repourl=named, branch='main', retryFetch=True),
    steps.ShellCommand(name='served', command=['make', 'serve'], interruptSignal='INT', logEnviron=False),
    steps.JSONStringDownload({'jobs': [1, None], 'name': 'a "b"'}, workerdest='fixed.json', name='fixed'),
    steps.JSONStringDownload({'branch': util.Property('branch')}, workerdest='made.json', name='made'),
    steps.FileUpload(workersrc='out.html', masterdest='/srv/out.html', url='https://www.example.org/out.html'),
    steps.ShellSequence(name='row', commands=[
        util.ShellArg(command=['make', 'a'], haltOnFailure=True),
        util.ShellArg(command=['make', 'b'], flunkOnFailure=False),
    ]),
    steps.Cppcheck(enable=['style', 'warning'], source=['src'], extra_args=['-q'], inconclusive=True),
    steps.RpmBuild(specfile='it.spec', dist='.el9', vcsRevision=True, define={'debug': '100%'}),
    steps.Assert(util.Property('branch') == 'main'),
    steps.LogRenderable(util.Interpolate('on %(prop:workername)s')),
    steps.MaxQ(testdir='tests/'),
    steps.PyLint(command=['pylint', 'src']),
])
c['builders'] = [
    util.BuilderConfig(name='named', workernames=['one'], factory=one),
    util.BuilderConfig(name='unnamed', workernames=['one'], factory=util.BuildFactory([steps.Git(repourl=unnamed)])),
    util.BuilderConfig(name='beside', workernames=['one'], factory=util.BuildFactory([steps.Git(repourl='beside/it')])),
]
trunk = util.ChangeFilter(branch=None)
c['change_source'] = [changes.GitPoller(named, branches=['main'], only_tags=False, pollRandomDelayMax=30)]
c['schedulers'] = [
    schedulers.SingleBranchScheduler(name='on named', change_filter=trunk, builderNames=['named'], priority=3),
    schedulers.SingleBranchScheduler(name='on unnamed', change_filter=trunk, builderNames=['unnamed']),
    schedulers.AnyBranchScheduler(name='other address', builderNames=['named'],
        change_filter=util.ChangeFilter(repository='git@git.example.org:named.git')),
    schedulers.Nightly(name='odd', builderNames=['named'], hour=range(1, 24, 8), minute=0, dayOfWeek=[0, 6]),
    schedulers.ForceScheduler(name='force', builderNames=['named', 'unnamed', 'beside'], codebases=[
        util.CodebaseParameter('', branch=util.ChoiceStringParameter(
            name='branch', choices=['main', 'next'], default='next'))],
        properties=[
            util.ChoiceStringParameter(name='worker', choices=['one', 'two'], default='*'),
            util.StringParameter(name='label', autopopulate={'a': {'worker': 'one'}}),
        ]),
]
"""


@pytest.fixture(scope="module")
def site(converted: Convert) -> Converted:
    """All of them in one configuration."""
    return converted(SITE)


def remarks(site: Converted, kind: Kind, name: str) -> dict[str, str]:
    """What is said of the only thing with this name."""
    return {remark.what: remark.why for remark in site.entry(kind, name).remarks}


def test_the_result_is_a_configuration(site: Converted) -> None:
    """An address that the check would refuse isn't written: its step is what isn't converted."""
    assert list(site.configuration.sources) == ["named", "unnamed"]
    (refused,) = [each for each in site.conversion.account.entries if "beside/it" in str(each.remarks)]
    assert (refused.kind, refused.status) == (Kind.STEPS, Status.UNCONVERTED)


@pytest.mark.parametrize(
    ("kind", "name", "argument"),
    [
        (Kind.STEPS, "served", "interruptSignal"),
        (Kind.WORKERS, "one", "keepalive_interval"),
        (Kind.CHANGE_SOURCES, "GitPoller", "pollRandomDelayMax"),
        (Kind.SCHEDULERS, "on named", "priority"),
    ],
)
def test_an_argument_that_nothing_is_made_of_is_said(site: Converted, kind: Kind, name: str, argument: str) -> None:
    """Whatever a thing was made with and has no place here stands on the page; what only pages show doesn't."""
    said = [what for what in remarks(site, kind, name) if what.startswith("argument")]
    assert said == [f"argument '{argument}'"]


def test_an_upload_s_link_is_said(site: Converted) -> None:
    """Buildbot's step linked to another server, and a build's artifacts have links of their own."""
    assert "url" in remarks(site, Kind.STEPS, "FileUpload")


def test_json_is_written_as_it_is_or_not_at_all(site: Converted) -> None:
    """Fixed content is written as JSON; content with values of the build is refused, not written as null."""
    (step,) = [each for each in site.builder("named").steps if each.name == "fixed"]
    assert """{"jobs": [1, null], "name": "a \\\\"b\\\\""}""" in repr(step)
    assert site.entry(Kind.STEPS, "made").status is Status.UNCONVERTED


def test_commands_of_a_sequence_halt_by_themselves(site: Converted) -> None:
    """A command that halts the sequence halts the build here, which is said; one that may fail may fail here."""
    assert "haltOnFailure" in remarks(site, Kind.STEPS, "row")
    assert "on_failure: ignore" in site.conversion.yaml


def test_commands_of_tools_are_made_up(site: Converted) -> None:
    """A class that puts its command together when it runs has the one that it comes to."""
    said = [line.strip() for line in site.conversion.yaml.splitlines()]
    assert "run: [cppcheck, src, '--enable=style,warning', --inconclusive, -q]" in site.conversion.yaml.replace(
        '"', "'"
    )
    assert any(line.endswith('--define "_revision ${REVISION}" --define "dist .el9" -ba it.spec') for line in said)
    assert 'when: "!(build.branch == \'main\')", run: ["false"]' in site.conversion.yaml
    assert "run: [echo, {expr: \"'on ' + worker.name\"}]" in site.conversion.yaml
    assert "run: [run_maxq.py, tests/]" in site.conversion.yaml
    assert "--error-exitcode=1" in site.conversion.unconverted


def test_pylint_s_exit_code_is_said(site: Converted) -> None:
    """Buildbot reads its bits; here each message that it gives is a failure."""
    assert "results" in remarks(site, Kind.STEPS, "PyLint")


def test_no_branch_is_the_default_branch(site: Converted) -> None:
    """`branch=None` is the default branch where that has a name, and said where it hasn't."""
    named, unnamed = (site.configuration.triggers[each] for each in ("on-named", "on-unnamed"))
    assert isinstance(named, ChangeTrigger)
    assert isinstance(unnamed, ChangeTrigger)
    assert named.branches == ("main",)
    assert unnamed.branches != ("main",)
    assert "branch None" in remarks(site, Kind.SCHEDULERS, "on unnamed")
    assert "branch None" not in remarks(site, Kind.SCHEDULERS, "on named")


def test_a_form_s_choices_are_said(site: Converted) -> None:
    """The branches that a form offers, a default that is no choice, and fields that fill others in."""
    said = remarks(site, Kind.SCHEDULERS, "force")
    assert "by default 'next'" in said["parameter 'branch'"]
    assert "'*' is none of its choices" in said["parameter 'worker'"]
    assert "autopopulate" in said["parameter 'label'"]


def test_a_repository_that_nobody_checks_out_is_said(site: Converted) -> None:
    """A filter may name the repository by another address than the checkout does."""
    assert (
        "check out none of git@git.example.org:named.git"
        in remarks(site, Kind.SCHEDULERS, "other address")["repository"]
    )


def test_hours_may_be_a_range(site: Converted) -> None:
    """Times that the file computes are those that it comes to."""
    assert 'at: "0 1,9,17 * * 1,0"' in site.conversion.yaml


def test_what_buildbot_fills_in_is_no_setting(site: Converted) -> None:
    """Only what the file says is counted: not who may sign in, and the pictures, of a file that says neither."""
    settings = {entry.name for entry in site.conversion.account.entries if entry.kind is Kind.SETTINGS}
    assert settings == {"www.port", "protocols"}
