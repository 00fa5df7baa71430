"""Schedulers, and what else a master has around its builders."""

from __future__ import annotations

import pytest

from buildledger.config.convert.buildbot.account import Kind, Status, UnsayableError
from buildledger.config.convert.buildbot.branch_patterns import patterns
from buildledger.config.convert.buildbot.described import ClassOf, Extracted, ListOf, Thing, Value
from buildledger.config.convert.buildbot.secrets import convert as secrets_of
from buildledger.config.convert.buildbot.site import Site
from buildledger.config.resolved import ChangeTrigger, CronTrigger, SuccessTrigger
from tests.config.convert.buildbot.conftest import Convert, Converted

SITE = r"""
import os
import re
c['workers'] = [worker.Worker('w', 'pw')]
widget = util.BuildFactory([
    steps.Git(repourl='https://git.example.org/widget.git', branch='main'),
    steps.ShellCommand(command=['make', util.Property('level')]),
])
proto = util.BuildFactory([steps.Git(repourl='https://git.example.org/proto.git'), steps.Compile(command=['make'])])
c['builders'] = [
    util.BuilderConfig(name='tests', workernames=['w'], factory=widget),
    util.BuilderConfig(name='deploy', workernames=['w'], factory=widget),
    util.BuilderConfig(name='proto', workernames=['w'], factory=proto),
]
def important(change):
    return any(not name.startswith('docs/') for name in change.files)
def picked(branch):
    return branch in open('branches')
first = schedulers.SingleBranchScheduler(name='main', change_filter=util.ChangeFilter(branch='main', project='widget'),
    treeStableTimer=90, fileIsImportant=important, builderNames=['tests'])
c['schedulers'] = [
    first,
    schedulers.AnyBranchScheduler(name='releases', change_filter=util.ChangeFilter(branch_re='release/[0-9.]+$'),
        builderNames=['tests', 'proto']),
    schedulers.AnyBranchScheduler(name='one', change_filter=util.ChangeFilter(
        repository='https://git.example.org/proto', branch=['a', 'b']), builderNames=['tests', 'proto']),
    schedulers.AnyBranchScheduler(name='picked', change_filter=util.ChangeFilter(branch_fn=picked),
        builderNames=['tests']),
    schedulers.Dependent(name='after', upstream=first, builderNames=['deploy']),
    schedulers.Nightly(name='night', branch='main', hour=[3, 15], minute=30, dayOfWeek=[0, 6], onlyIfChanged=True,
        builderNames=['deploy'], properties={'level': '3'}),
    schedulers.Periodic(name='hourly', periodicBuildTimer=3600, builderNames=['tests']),
    schedulers.Periodic(name='odd', periodicBuildTimer=3601, builderNames=['tests']),
    schedulers.Triggerable(name='called', builderNames=['deploy']),
    schedulers.Try_Userpass(name='try', port=5555, userpass=[('a', 'hunter22')], builderNames=['tests']),
    schedulers.ForceScheduler(name='force', builderNames=['tests', 'deploy'],
        reason=util.StringParameter(name='reason'),
        properties=[
            util.StringParameter(name='level', label='Level:', default='1', regex=r'^\d+$'),
            util.BooleanParameter(name='clean', label='Clean?', default=True),
            util.IntParameter(name='jobs', default=4),
            util.ChoiceStringParameter(name='kind', choices=['a', 'b'], default='b', strict=True),
            util.ChoiceStringParameter(name='parts', choices=['x', 'y'], default=['y'], multiple=True, strict=True),
            util.FixedParameter(name='fixed', default='x'),
            util.NestedParameter(name='more', label='More', fields=[util.TextParameter(name='notes', default='')]),
        ]),
]
c['change_source'] = [
    changes.GitPoller('https://git.example.org/widget.git', branches=['main', 'stable'], pollInterval=120),
    changes.GitPoller('https://git.example.org/proto.git', branches=True, pollInterval=30),
    changes.PBChangeSource(user='u', passwd='hunter22'),
    changes.HgPoller(repourl='https://hg.example.org/x', workdir='x'),
]
c['www'] = dict(port=8010, plugins={}, change_hook_dialects={'github': {'secret': 'hunter22'}},
    auth=util.UserPasswordAuth({'a': 'hunter22'}))
c['services'] = [
    reporters.MailNotifier(fromaddr='ci@example.org', extraRecipients=['dev@example.org']),
    reporters.GitHubStatusPush(token='hunter22'),
]
c['title'] = 'Widget'
c['titleURL'] = 'https://widget.example.org'
c['buildbotURL'] = 'https://ci.example.org/'
kept = os.path.join(basedir, 'kept')
os.makedirs(kept, exist_ok=True)
c['secretsProviders'] = [secrets.SecretInAFile(dirname=kept, suffixes=['.txt'])]
c['logMaxSize'] = 1000000
c['db'] = {'db_url': 'postgresql://u:hunter22@db/buildbot'}
"""


@pytest.fixture(scope="module")
def site(converted: Convert) -> Converted:
    """A master with one scheduler of each kind."""
    return converted(SITE)


def test_what_was_committed_is_built(site: Converted) -> None:
    """By branch and by pattern, after a quiet time, for each repository that the builders check out."""
    triggers = site.configuration.triggers
    main, releases, proto = triggers["main"], triggers["releases"], triggers["releases-proto"]
    assert isinstance(main, ChangeTrigger)
    assert (main.source, main.branches, main.settle_seconds, main.build) == ("widget", ("main",), 90.0, ("tests",))
    assert isinstance(releases, ChangeTrigger)
    assert (releases.source, releases.branches, releases.build) == ("widget", ("release/*",), ("tests",))
    assert isinstance(proto, ChangeTrigger)
    assert (proto.source, proto.build) == ("proto", ("proto",))


def test_a_filter_by_repository_chooses_the_source(site: Converted) -> None:
    """With or without `.git` it is the same one."""
    one = site.configuration.triggers["one"]
    assert isinstance(one, ChangeTrigger)
    assert (one.source, one.branches, one.build) == ("proto", ("a", "b"), ("proto",))


def test_what_only_code_can_say_is_named_with_its_line(site: Converted) -> None:
    """A function that chooses branches can't be converted; one that chooses files is a note."""
    picked, main = site.entry(Kind.SCHEDULERS, "'picked'"), site.entry(Kind.SCHEDULERS, "'main'")
    assert picked.status is Status.UNCONVERTED
    line = 1 + (site.file.parent / "master.cfg").read_text().splitlines().index("def picked(branch):")
    assert picked.remarks[0].why == f"the filter is the function 'picked' (line {line} of master.cfg)"
    assert [remark.what for remark in main.remarks] == ["project", "fileIsImportant"]


def test_others_succeeded(site: Converted) -> None:
    """The builders of the scheduler that it follows."""
    after = site.configuration.triggers["after"]
    assert isinstance(after, SuccessTrigger)
    assert (after.of, after.build) == (("tests",), ("deploy",))


def test_set_times(site: Converted) -> None:
    """Days of the week count from Sunday here; what no five fields can say is named."""
    night, hourly = site.configuration.triggers["night"], site.configuration.triggers["hourly"]
    assert isinstance(night, CronTrigger)
    assert (night.at, night.only_if_changed, night.branch) == ("30 3,15 * * 1,0", True, "main")
    assert isinstance(hourly, CronTrigger)
    assert hourly.at == "0 * * * *"
    assert site.entry(Kind.SCHEDULERS, "'odd'").status is Status.UNCONVERTED


def test_people_are_asked_for_the_same_things(site: Converted) -> None:
    """What the steps use is an input of the builder, which may have it already; other parameters are the trigger's."""
    inputs = site.builder("tests").inputs
    assert (inputs["level"].pattern, inputs["level"].default, inputs["level"].description) == ("^\\d+$", "1", "Level")
    kinds = {name: (spec.type, spec.default, spec.enum) for name, spec in inputs.items() if name != "level"}
    assert kinds == {
        "clean": ("boolean", True, ()),
        "jobs": ("integer", 4, ()),
        "kind": ("string", "b", ("a", "b")),
        "parts": ("list", ("y",), ("x", "y")),
        "notes": ("string", "", ()),
    }
    assert [remark.what for remark in site.entry(Kind.SCHEDULERS, "'force'").remarks] == ["parameter 'fixed'"]


@pytest.mark.parametrize("name", ["'called'", "'try'"])
def test_what_a_later_version_brings_is_said(site: Converted, name: str) -> None:
    """With what can be done meanwhile."""
    (remark,) = site.entry(Kind.SCHEDULERS, name).remarks
    assert "of a later version" in remark.why
    assert remark.instead


def test_pollers_say_how_often(site: Converted) -> None:
    """And which branches are followed; a source that nobody polls isn't."""
    widget, proto = site.configuration.sources["widget"], site.configuration.sources["proto"]
    assert (widget.poll_seconds, widget.branches) == (120.0, ("main", "stable"))
    assert (proto.poll_seconds, proto.branches) == (30.0, ("**",))
    assert site.entry(Kind.CHANGE_SOURCES, "HgPoller").status is Status.UNCONVERTED


def test_secrets_and_settings_are_converted(site: Converted) -> None:
    """What is said when the server is started is named."""
    secrets, server = site.configuration.secrets, site.configuration.server
    assert (secrets.provider, secrets.path) == ("file", str(site.file.parent / "kept"))
    assert site.entry(Kind.SECRETS, "SecretInAFile").remarks[0].what == "suffixes"
    assert (server.title, server.url) == ("Widget", "https://ci.example.org")
    assert site.entry(Kind.SETTINGS, "www.port").remarks[0].instead == "`buildledger serve --http`"
    assert {entry.status for entry in site.conversion.account.entries if entry.kind is Kind.REPORTERS} == {
        Status.UNCONVERTED
    }


def test_secrets_of_vault_stay_there() -> None:
    """How the server signs in is left to whoever knows the token."""
    cls = ClassOf("HashiCorpVaultKvSecretProvider", "", ["HashiCorpVaultKvSecretProvider"], False, [], {}, None, {})
    arguments: dict[str, Value] = {"vault_server": "https://vault.example.org:8200", "secrets_mount": "kv"}
    provider = Thing(0, None, arguments, {})
    site = Site(Extracted(1, "3.11", classes=[cls], settings={"secretsProviders": ListOf([provider])}))
    assert secrets_of(site) == {
        "provider": "vault",
        "address": "https://vault.example.org:8200",
        "login": {"token_file": "vault-token"},
        "mount": "kv",
    }
    assert [entry.status for entry in site.account.entries] == [Status.NOTED]


def test_no_secret_is_in_what_comes_out(site: Converted) -> None:
    """Neither in the file nor on the page."""
    assert "hunter22" not in site.conversion.yaml + site.conversion.unconverted


@pytest.mark.parametrize(
    ("regex", "found"),
    [
        ("^main$", ["main"]),
        ("release/", ["release/**"]),
        (r"^release-\d+\.\d+$", ["release-*.*"]),
        (r"^(main|3\.\d+)$", ["main", "3.*"]),
        ("v.*$", ["v**"]),
        ("a[bc]?$", ["a", "ab", "ac"]),
        (".*", ["**"]),
    ],
)
def test_regular_expressions_of_branches(regex: str, found: list[str]) -> None:
    """As the patterns that fit them; digits are any characters."""
    assert patterns(regex) == found


@pytest.mark.parametrize("regex", ["(?!wip)", r"(a)\1", "(", "[a-f]" * 2 + "(?<=x)"])
def test_regular_expressions_that_no_pattern_can_say(regex: str) -> None:
    """They are conditions of the builder."""
    with pytest.raises(UnsayableError):
        patterns(regex)
