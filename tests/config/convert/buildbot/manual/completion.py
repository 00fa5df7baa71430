"""Makes a configuration of what a sample has made, and gives it the builders and workers that it names.

Put beside a sample's `master.cfg`: this runs in the Python that has Buildbot.
"""

from __future__ import annotations

import re
from typing import Any

from buildbot.changes.base import ChangeSource
from buildbot.changes.filter import ChangeFilter
from buildbot.interfaces import IBuildStep, IRenderable, IScheduler
from buildbot.locks import BaseLock
from buildbot.plugins import changes, reporters, schedulers, steps, util, worker
from buildbot.process.factory import BuildFactory
from buildbot.schedulers.forcesched import BaseParameter, CodebaseParameter
from buildbot.util.service import BuildbotService
from buildbot.worker import AbstractWorker


def complete(namespace: dict[str, Any], bound: list[str], empty: dict[str, Any]) -> None:
    """Put everything that the sample has made and nobody uses into its configuration."""
    c = namespace.get("BuildmasterConfig") or namespace["c"]
    for key, value in empty.items():
        c.setdefault(key, value)
    for key in ("schedulers", "change_source", "services", "workers", "builders"):
        if not isinstance(c[key], list):
            c[key] = [c[key]]
    made = _Completion(c)
    for name in [*bound, *(each for each in ("f", "f1", "factory") if each in namespace)]:
        made.take(name, namespace.get(name))
    for value in namespace.get("_kept", ()):
        made.take("", value)
    made.close()
    namespace["BuildmasterConfig"] = c


class _Completion:
    """Where each thing goes."""

    def __init__(self, c: dict[str, Any]) -> None:
        self._c = c
        self._steps: list[Any] = []
        self._parameters: list[Any] = []
        self._functions: dict[str, Any] = {}
        self._seen: set[int] = {id(each) for key in c for each in (c[key] if isinstance(c[key], list) else [])}

    def take(self, name: str, value: Any) -> None:
        """One value, by its kind."""
        if id(value) in self._seen or value is None or value is self._c:
            return
        self._seen.add(id(value))
        if isinstance(value, list | tuple):
            for each in value:
                self.take("", each)
        elif isinstance(value, BuildFactory):
            if value.steps and not any(_of(builder, "factory") is value for builder in self._c["builders"]):
                self._builder(name or "sample", value)
        elif name in _BY_NAME:
            _BY_NAME[name](self._c, self._steps, value)
        else:
            self._of_kind(value)

    def _of_kind(self, value: Any) -> None:
        c = self._c
        if isinstance(value, type):
            return
        if IScheduler.providedBy(value):
            c["schedulers"].append(value)
        elif isinstance(value, BaseParameter):
            self._parameters.append(value)
        elif isinstance(value, ChangeSource):
            c["change_source"].append(value)
        elif isinstance(value, AbstractWorker):
            c["workers"].append(value)
        elif isinstance(value, BuildbotService):
            c["services"].append(value)
        elif IBuildStep.providedBy(value):
            self._steps.append(value)
        elif isinstance(value, BaseLock):
            self._steps.append(steps.ShellCommand(command=["true"], locks=[value.access("counting")]))
        elif isinstance(value, ChangeFilter):
            c["schedulers"].append(
                schedulers.AnyBranchScheduler(name="sample-filter", change_filter=value, builderNames=["sample"])
            )
        elif IRenderable.providedBy(value) and not isinstance(value, str | int | dict) and not hasattr(value, "fn"):
            self._steps.append(steps.ShellCommand(command=["echo", value]))

    def close(self) -> None:
        """Builders and workers for all that name them."""
        c = self._c
        if self._parameters:
            codebases = [each for each in self._parameters if isinstance(each, CodebaseParameter)]
            asked = [each for each in self._parameters if each not in codebases]
            c["schedulers"].append(
                schedulers.ForceScheduler(
                    name="sample-force", builderNames=["sample"], properties=asked, codebases=codebases or None
                )
            )
        if self._steps:
            self._builder("sample-steps", util.BuildFactory(self._steps))
        if not c["schedulers"]:
            c["schedulers"].append(schedulers.AnyBranchScheduler(name="any", builderNames=["sample"]))
        known = {_of(builder, "name") for builder in c["builders"]}
        for scheduler in c["schedulers"]:
            for name in _builders_of(scheduler):
                if name not in known:
                    known.add(name)
                    self._builder(name, util.BuildFactory([steps.Git(repourl="https://example.org/sample.git")]))
        if not c["builders"]:
            self._builder("sample", util.BuildFactory([steps.ShellCommand(command=["true"])]))
        for builder in c["builders"]:
            self._force(_of(builder, "name"))
        workers = {getattr(each, "workername", None) for each in c["workers"]}
        for builder in c["builders"]:
            names = _of(builder, "workernames") or _of(builder, "workername")
            for name in [names] if isinstance(names, str) else names or []:
                if name not in workers:
                    workers.add(name)
                    c["workers"].append(worker.Worker(name, "sample"))

    def _force(self, name: str) -> None:
        """Buildbot refuses a builder that no scheduler names."""
        if not any(name in _builders_of(scheduler) for scheduler in self._c["schedulers"]):
            named = re.sub(r"[^A-Za-z0-9_-]", "-", name)
            self._c["schedulers"].append(schedulers.ForceScheduler(name=f"force-{named}", builderNames=[name]))

    def _builder(self, name: str, factory: Any) -> None:
        self._c["builders"].append(util.BuilderConfig(name=name, workernames=["worker"], factory=factory))


def _builders_of(scheduler: Any) -> list[str]:
    names = getattr(scheduler, "_config_kwargs", {}).get("builderNames", ())
    return [name for name in names if isinstance(name, str)] if isinstance(names, list | tuple) else []


def _of(builder: Any, name: str) -> Any:
    return builder.get(name) if isinstance(builder, dict) else getattr(builder, name, None)


def _on_builder(key: str) -> Any:
    def put(c: dict[str, Any], _: list[Any], value: Any) -> None:
        c["builders"].append(
            util.BuilderConfig(
                name=f"sample-{key}",
                workernames=["worker"],
                factory=util.BuildFactory([steps.ShellCommand(command=["true"])]),
                **{key: value},
            )
        )

    return put


def _on_scheduler(key: str) -> Any:
    def put(c: dict[str, Any], _: list[Any], value: Any) -> None:
        c["schedulers"].append(
            schedulers.AnyBranchScheduler(name=f"sample-{key}", builderNames=["sample"], **{key: value})
        )

    return put


def _on_step(key: str, cls: Any) -> Any:
    def put(_: dict[str, Any], made: list[Any], value: Any) -> None:
        made.append(cls(**{"command": ["true"]} | {key: value} if cls is steps.ShellCommand else {key: value}))

    return put


def _roles(c: dict[str, Any], _: list[Any], value: Any) -> None:
    c["www"]["authz"] = util.Authz(allowRules=[], roleMatchers=value)


def _poll(c: dict[str, Any], _: list[Any], value: Any) -> None:
    c["change_source"].append(changes.SVNPoller("https://example.org/svn", split_file=value))


def _report(c: dict[str, Any], _: list[Any], value: Any) -> None:
    c["services"].append(reporters.IRC(host="irc.example.org", nick="sample", channels=["#sample"], authz=value))


_BY_NAME: dict[str, Any] = {
    **{name: _on_builder(name) for name in ("nextBuild", "nextWorker", "canStartBuild", "collapseRequests")},
    "pickNextBuild": _on_builder("nextBuild"),
    "has_C_files": _on_scheduler("fileIsImportant"),
    "scheduler_priority": _on_scheduler("priority"),
    "codebases": _on_scheduler("codebases"),
    "command": _on_step("command", steps.ShellCommand),
    "logfiles": _on_step("logfiles", steps.ShellCommand),
    "roleMatchers": _roles,
    "authz": lambda c, made, value: _report(c, made, value) if isinstance(value, dict) else None,
    "my_file_splitter": _poll,
    "split_file_branches": _poll,
    "split_file_projects_branches": _poll,
}
"""What a page gives a name and says in its text where it goes."""
