"""Converted builders run: a `master.cfg` with a repository and a worker of its own, on a real server."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

from tests.config.convert.buildbot.conftest import Convert
from tests.fakes.repository import Repository
from tests.first_build.two_commands import typed

LIMIT_SECONDS = 120.0
SITE = """
c['workers'] = [worker.LocalWorker('here')]
c['builders'] = [util.BuilderConfig(name='run tests', workernames=['here'], properties={'greeting': 'hello'},
    env={'WHO': 'world', 'PATH': '/nowhere:${PATH}'}, factory=util.BuildFactory([
    steps.Git(repourl='%s', mode='full', method='fresh'),
    steps.SetPropertyFromCommand(command='cat version | tr a-z A-Z', property='version'),
    steps.ShellCommand(name='values', command=util.Interpolate(
        'test %%(prop:version)s = ONE; test "%%(prop:greeting)s $WHO" = "hello world"')),
    steps.ShellCommand(command=['sh', 'check.sh', util.Interpolate('%%(src::branch)s'), util.Property('buildnumber')],
                       workdir='build/sub', haltOnFailure=True),
    steps.ShellCommand(command=['false'], doStepIf=lambda step: step.getProperty('branch') == 'other'),
    steps.StringDownload('written\\n', workerdest='made.txt'),
    steps.FileUpload(workersrc='made.txt', masterdest='/srv/made.txt'),
    steps.ShellCommand(command='false; true', name='goes on'),
]))]
c['builders'] += [util.BuilderConfig(name='kinds', workernames=['here'], factory=util.BuildFactory([
    steps.Git(repourl='%s'),
    steps.Compile(command='cat version > out.txt'),
    steps.ShellSequence(name='row', commands=[
        util.ShellArg(command='exit 3', flunkOnFailure=False, logname='may fail'),
        util.ShellArg(command=['test', '-f', 'out.txt'], logname='is there'),
    ]),
    steps.CopyDirectory(src='build/sub', dest='build/copy'),
    steps.FileExists(file='build/copy/check.sh'),
    steps.RemoveDirectory(dir='build/copy'),
    steps.SetPropertiesFromEnv(variables=['HOME']),
    steps.ShellCommand(name='home', command=['test', '-d', util.Property('HOME')], logfiles={'out': 'out.txt'}),
    steps.JSONStringDownload({'jobs': [1, None]}, workerdest='made.json'),
    steps.ShellCommand(name='as written', command=['grep', '-qx', '{"jobs": [[]1, null]}', 'made.json']),
    steps.Assert(util.Property('branch') == 'main'),
    steps.LogRenderable(util.WithProperties('%%s on %%s', 'buildername', 'workername')),
    steps.TreeSize(),
]))]
c['schedulers'] = [schedulers.ForceScheduler(name='force', builderNames=['run tests', 'kinds'])]
"""
CHECK = 'test "$1" = main && test "$2" = 1 && case "$PATH" in /nowhere:*) ;; *) exit 1;; esac\n'


def test_converted_builders_are_green(converted: Convert, tmp_path: Path) -> None:
    """Each step does what it did: checkout, properties, scripts, arguments, conditions, files, kinds of the manual."""
    repository = Repository(tmp_path / "widget")
    repository.commit("the first commit", **{"version": "one\n", "sub/check.sh": CHECK})
    site = converted(SITE % (repository.url, repository.url))
    assert site.configuration
    with typed(site.file.parent, tmp_path / "home") as terminal:
        terminal.serve()
        terminal.await_line(r"serves http", LIMIT_SECONDS)
        terminal.post("/builders/run-tests/force", {"branch": "main"})
        first = _finished(terminal, 1)
        terminal.post("/builders/kinds/force", {"branch": "main"})
        second = _finished(terminal, 2)
    assert first == [
        ("checkout widget", "success"),
        ("set version", "success"),
        ("values", "success"),
        ('sh check.sh "$BRANCH" "$BUILDNUMBER"', "success"),
        ("false", "skipped"),
        ("string_download", "success"),
        ("upload", "success"),
        ("goes on", "success"),
    ]
    assert second == [
        ("checkout widget", "success"),
        ("compile", "success"),
        ("may fail", "failure"),
        ("is there", "success"),
        ("CopyDirectory", "success"),
        ("FileExists", "success"),
        ("RemoveDirectory", "success"),
        ("read HOME", "success"),
        ("home", "success"),
        ("log out", "success"),
        ("json_download", "success"),
        ("as written", "success"),
        ("Assert", "skipped"),
        ("LogRenderable", "success"),
        ("treesize", "success"),
    ]


def _finished(terminal: Any, number: int) -> list[tuple[str, str]]:
    """The steps of the newest of so many builds with their results, when it has succeeded."""
    deadline = time.monotonic() + LIMIT_SECONDS
    while True:
        builds = terminal.get("/builds")["items"]
        if len(builds) == number and all(build["result"] is not None for build in builds):
            newest = max(builds, key=lambda build: int(build["position"]))
            steps = terminal.get(f"/builds/{newest['id']}/steps")["items"]
            assert newest["result"] == "success", steps
            return [(step["name"], step["result"]) for step in steps]
        assert time.monotonic() < deadline, terminal.output.read_text()
        time.sleep(0.2)
