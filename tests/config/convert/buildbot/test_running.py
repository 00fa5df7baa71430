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
c['schedulers'] = [schedulers.ForceScheduler(name='force', builderNames=['run tests'])]
"""
CHECK = 'test "$1" = main && test "$2" = 1 && case "$PATH" in /nowhere:*) ;; *) exit 1;; esac\n'


def test_a_converted_builder_is_green(converted: Convert, tmp_path: Path) -> None:
    """Each of its steps does what it did: checkout, properties, scripts, arguments, a condition, a file."""
    repository = Repository(tmp_path / "widget")
    repository.commit("the first commit", **{"version": "one\n", "sub/check.sh": CHECK})
    site = converted(SITE % repository.url)
    assert site.configuration
    with typed(site.file.parent, tmp_path / "home") as terminal:
        terminal.serve()
        terminal.await_line(r"serves http", LIMIT_SECONDS)
        terminal.post("/builders/run-tests/force", {"branch": "main"})
        build = _finished(terminal)
        steps = terminal.get(f"/builds/{build['id']}/steps")["items"]
    assert [(step["name"], step["result"]) for step in steps] == [
        ("checkout widget", "success"),
        ("set version", "success"),
        ("values", "success"),
        ('sh check.sh "$BRANCH" "$BUILDNUMBER"', "success"),
        ("false", "skipped"),
        ("string_download", "success"),
        ("upload", "success"),
        ("goes on", "success"),
    ]
    assert build["result"] == "success"


def _finished(terminal: Any) -> Any:
    """The one build, when it has ended."""
    deadline = time.monotonic() + LIMIT_SECONDS
    while True:
        builds = terminal.get("/builds")["items"]
        if builds and builds[0]["result"] is not None:
            return builds[0]
        assert time.monotonic() < deadline, terminal.output.read_text()
        time.sleep(0.2)
