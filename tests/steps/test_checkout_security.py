"""Hostile branches, revisions, addresses, paths and submodules: refused, or data that nothing executes."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from buildledger.config.steps.checkout import CheckoutStep
from buildledger.events.operation import Ended, EnvironmentValue, Run, Text
from buildledger.events.request import SourceStamp
from buildledger.events.results import Result
from buildledger.sources.git import checkout
from buildledger.sources.git.command import INHERITED
from buildledger.steps.program import Operation, StepInputs
from buildledger.steps.registry import begin
from buildledger.testing.step_executor import Performance, StepExecutor
from tests.fakes.repository import Repository


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    repository = Repository(tmp_path / "origin")
    repository.commit("first", **{"a.txt": "one\n"})
    return repository


@pytest.fixture
def executor(tmp_path: Path) -> StepExecutor:
    return StepExecutor(tmp_path / "build")


def inputs(url: str, branch: str = "main", revision: str | None = None) -> StepInputs:
    stamp = SourceStamp(source="widget", repository=url, branch=branch, revision=revision)
    return StepInputs(stamps={"widget": stamp}, systems={"widget": "git"})


def step(**options: Any) -> CheckoutStep:
    return CheckoutStep(name="checkout", source="widget", **options)


def refused(performance: Performance) -> None:
    assert performance.operations == []
    assert performance.conclusion.result is Result.EXCEPTION
    assert "can't be used" in performance.conclusion.summary


HOSTILE = ("--upload-pack=touch owned", "--upload-pack=touch${IFS}owned", "-uowned", "--", "-", "main\n--exec=x")


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_branches(repository: Repository, executor: StepExecutor, name: str) -> None:
    """A branch that is an option never reaches git."""
    refused(executor.perform(step(), inputs(repository.url, branch=name)))


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_revisions(repository: Repository, executor: StepExecutor, name: str) -> None:
    """Nor does a revision."""
    refused(executor.perform(step(), inputs(repository.url, revision=name)))


@pytest.mark.parametrize(
    "url", ["ext::sh -c touch% owned", "-uowned", "--upload-pack=touch", "ssh://-oProxyCommand=x/y"]
)
def test_hostile_addresses(executor: StepExecutor, url: str) -> None:
    """Nor does an address that would run a program."""
    refused(executor.perform(step(), inputs(url)))


@pytest.mark.parametrize("into", ["../evil", "a/../../evil", "/tmp/evil", "-C", ".git", "sub/.Git/hooks", "~root"])
def test_hostile_paths(repository: Repository, executor: StepExecutor, into: str) -> None:
    """Nor does a path out of the build's directory, or into git's own files."""
    refused(executor.perform(step(into=into), inputs(repository.url)))


def test_a_neighbour_with_a_longer_name_is_safe(repository: Repository, executor: StepExecutor) -> None:
    """Clobbering `build` leaves `build-evil` alone, and the other way round."""
    for into in ("build", "build-evil"):
        executor.perform(step(into=into), inputs(repository.url))
    performance = executor.perform(step(into="build", mode="full", method="clobber"), inputs(repository.url))
    assert performance.conclusion.result is Result.SUCCESS
    assert (executor.directory / "build-evil/a.txt").exists()


@pytest.mark.parametrize("scheme", ["ext::sh -c touch% {}", "file://{}"])
def test_hostile_submodules(tmp_path: Path, repository: Repository, executor: StepExecutor, scheme: str) -> None:
    """A submodule can't run a program; nor, in a repository on the network, read the worker's file system."""
    marker = tmp_path / "owned"
    library = Repository(tmp_path / "library")
    library.commit("first", **{"secret.txt": "secret\n"})
    url = scheme.format(marker if scheme.startswith("ext") else library.path)
    repository.write(".gitmodules", f'[submodule "lib"]\n\tpath = lib\n\turl = {url}\n')
    repository.git("update-index", "--add", "--cacheinfo", f"160000,{library.head()},lib")
    repository.git("commit", "--quiet", "-m", "hostile")
    plan = checkout.plan(
        url="https://git.acme.example/x.git", branch="main", revision=None, source="widget", submodules=True
    )
    execution = begin(step(submodules=True), inputs(repository.url))
    while isinstance(execution.request, Operation) and execution.request.label != "git submodule":
        execution.answer(executor.execute(execution.request.spec))
    for argv in checkout.update_submodules(plan):
        env: dict[str, EnvironmentValue] = {"GIT_ALLOW_PROTOCOL": Text(plan.address.protocols), "LC_ALL": Text("C")}
        ended = executor.execute(Run(argv=argv, env=env, capture_bytes=10_000))
    assert not ended.ok
    assert "not allowed" in ended.text
    assert not marker.exists()
    assert not (executor.directory / "lib/secret.txt").exists()


def test_a_hostile_submodule_fails_the_step(repository: Repository, executor: StepExecutor) -> None:
    """Here the commit itself is at fault: a failure with its reason, not an exception that blames nobody."""
    repository.write(".gitmodules", '[submodule "lib"]\n\tpath = lib\n\turl = ext::sh -c true\n')
    repository.git("update-index", "--add", "--cacheinfo", f"160000,{repository.head()},lib")
    repository.git("commit", "--quiet", "-m", "hostile")
    conclusion = executor.perform(step(submodules=True), inputs(repository.url)).conclusion
    assert conclusion.result is Result.FAILURE
    assert "transport 'ext' not allowed" in conclusion.summary


def test_hooks_and_monitors_of_an_earlier_build_do_not_run(
    repository: Repository, executor: StepExecutor, tmp_path: Path
) -> None:
    """What a build wrote into its clone is not executed by the next checkout."""
    executor.perform(step(), inputs(repository.url))
    marker = tmp_path / "owned"
    for name in ("post-checkout", "reference-transaction", "pre-auto-gc", "fsmonitor"):
        hook = executor.directory / ".git/hooks" / name
        hook.parent.mkdir(exist_ok=True)
        hook.write_text(f"#!/bin/sh\ntouch {marker}\n")
        hook.chmod(0o755)
    executor.execute(Run(argv=("git", "config", "core.fsmonitor", ".git/hooks/fsmonitor")))
    marker.unlink(missing_ok=True)
    repository.commit("second", **{"a.txt": "two\n"})
    full = step(mode="full", method="fresh")
    assert executor.perform(full, inputs(repository.url)).conclusion.result is Result.SUCCESS
    assert not marker.exists()


def test_no_repository_further_up_is_touched(tmp_path: Path, repository: Repository) -> None:
    """A build's directory that lies in somebody's clone, with no clone of its own yet, leaves that one alone."""
    outer = Repository(tmp_path / "outer")
    head = outer.commit("precious", **{"b.txt": "precious\n"})
    (outer.path / "b.txt").write_text("not committed yet\n")
    executor = StepExecutor(outer.path / "var" / "build")
    full = step(mode="full", method="fresh")
    assert executor.perform(full, inputs(repository.url)).conclusion.result is Result.SUCCESS
    assert outer.head() == head
    assert (outer.path / "b.txt").read_text() == "not committed yet\n"


@pytest.mark.parametrize(
    ("link", "into", "method", "outside"),
    [
        ("proto", "proto", "fresh", True),
        ("proto", "proto", "fresh", False),
        ("proto", "proto", "clobber", True),
        ("proto", "proto", "copy", True),
        ("proto", "proto", None, True),
        ("third", "third/proto", "clean", True),
        ("third", "third/proto", "fresh", False),
        ("proto", "proto/deep/er", "fresh", True),
        (".buildledger", "proto", "copy", True),
        (".buildledger", "proto", "fresh", True),
    ],
)
def test_a_link_in_one_repository_does_not_lead_the_checkout_of_another(
    tmp_path: Path,
    repository: Repository,
    executor: StepExecutor,
    link: str,
    into: str,
    method: str | None,
    outside: bool,
) -> None:
    """Where one source has a link, another isn't checked out through it, whether or not it leads out of the build's."""
    elsewhere = tmp_path / "elsewhere" if outside else executor.directory / "inside"
    for place in (elsewhere, elsewhere / "proto", elsewhere / "source" / "widget"):
        place.mkdir(parents=True)
        (place / "precious.txt").write_text("precious\n")
    other = Repository(tmp_path / "other")
    (other.path / link).symlink_to(elsewhere)
    other.git("add", "--all")
    other.git("commit", "--quiet", "-m", "a link")
    assert executor.perform(step(), inputs(other.url)).conclusion.result is Result.SUCCESS
    mode = {"mode": "full", "method": method} if method else {}
    performance = executor.perform(step(into=into, **mode), inputs(repository.url))
    untouched = link == ".buildledger" and method != "copy"
    assert performance.conclusion.result is (Result.SUCCESS if untouched else Result.EXCEPTION)
    if not untouched:
        assert f"{link} is a link" in performance.conclusion.summary
    left = {str(path.relative_to(elsewhere)) for path in elsewhere.rglob("*") if not path.is_dir()}
    assert left == {"precious.txt", "proto/precious.txt", "source/widget/precious.txt"}


def test_inherited_variables_are_not_handed_down(tmp_path: Path, repository: Repository) -> None:
    """A worker that was itself started by a git hook doesn't check out into that hook's repository."""
    outer = Repository(tmp_path / "outer")
    head = outer.commit("precious")
    environment = {"PATH": "/usr/bin:/bin", "GIT_DIR": str(outer.path / ".git"), "GIT_INDEX_FILE": "/nowhere/index"}
    executor = StepExecutor(tmp_path / "build", environment)
    assert executor.perform(step(), inputs(repository.url)).conclusion.result is Result.SUCCESS
    assert outer.head() == head
    assert set(environment) - {"PATH"} <= set(INHERITED)


def test_nothing_is_asked_and_nothing_is_inherited(repository: Repository) -> None:
    """No prompt, no system or user configuration, no translation: the same everywhere."""
    execution = begin(step(), inputs(repository.url))
    execution.answer(Ended(reason="exited", exit_code=0))
    request = execution.request
    assert isinstance(request, Operation)
    assert request.label == "git fetch"
    assert isinstance(request.spec, Run)
    environment = {name: value.value for name, value in request.spec.env.items() if isinstance(value, Text)}
    assert environment["GIT_TERMINAL_PROMPT"] == "0"
    assert environment["GIT_CONFIG_NOSYSTEM"] == "1"
    assert environment["GIT_CONFIG_GLOBAL"] == "/dev/null"
    assert environment["GIT_ATTR_NOSYSTEM"] == "1"
    assert "core.attributesFile=/dev/null" in request.spec.argv
    assert "core.excludesFile=/dev/null" in request.spec.argv
    assert environment["LC_ALL"] == "C"
    assert "credential.helper=" in request.spec.argv
    assert "--end-of-options" in request.spec.argv


def test_an_accounts_settings_do_not_count(tmp_path: Path, repository: Repository) -> None:
    """Attributes and ignored files in the home of who runs the worker, and a template of clones, change nothing."""
    home = tmp_path / "home"
    for name, text in {"git/attributes": "* text eol=crlf\n", "git/ignore": "*.kept\n"}.items():
        (home / ".config" / name).parent.mkdir(parents=True, exist_ok=True)
        (home / ".config" / name).write_text(text)
    (home / ".gitconfig").write_text("[core]\n\tautocrlf = true\n")
    (home / "template/info").mkdir(parents=True)
    (home / "template/info/exclude").write_text("*.kept\n")
    environment = {"PATH": os.environ["PATH"], "HOME": str(home), "GIT_TEMPLATE_DIR": str(home / "template")}
    executor = StepExecutor(tmp_path / "build", environment)
    full = step(mode="full", method="clean")
    for _ in range(2):
        assert executor.perform(full, inputs(repository.url)).conclusion.result is Result.SUCCESS
        assert (executor.directory / "a.txt").read_bytes() == b"one\n"
        assert not (executor.directory / "left.kept").exists()
        (executor.directory / "left.kept").write_text("not ignored by the revision\n")
