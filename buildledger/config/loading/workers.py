"""Workers: each of the file, or, where an entry stands for several that the server starts, each of those."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path as FilePath
from typing import Any, assert_never

from buildledger.config import limits, machines, resolved
from buildledger.config.models import machine_models
from buildledger.config.problems.problem import Path
from buildledger.config.reading.document import Document

_HOST = re.compile(r"(?:[A-Za-z0-9_.][A-Za-z0-9_.-]*@)?[A-Za-z0-9_.:\[][A-Za-z0-9_.:%\]-]*\Z")
_ADDRESS = re.compile(r"(?:[A-Za-z0-9_.-]+|\[[0-9A-Fa-f:.]+\]):\d{1,5}\Z")


def resolve(
    document: Document,
    models: Mapping[str, machine_models.Worker],
    defaults: machine_models.WorkerDefaults,
    directory: FilePath,
) -> dict[str, resolved.Worker]:
    """All workers by name; the document has the problems."""
    result: dict[str, resolved.Worker] = {}
    for name, own in models.items():
        model = own.with_defaults(defaults)
        start = None if model.start is None else _Starts(document, name, model, directory).resolve(model.start)
        for each in _names(document, name, model, models):
            result[each] = resolved.Worker(
                name=each,
                labels=model.labels,
                capacity=model.capacity,
                missing_seconds=model.missing_after,
                start=start,
            )
    return result


def _names(
    document: Document, name: str, model: machine_models.Worker, models: Mapping[str, machine_models.Worker]
) -> list[str]:
    if model.start is None or model.start.max == 1:
        return [name]
    names = [f"{name}-{number}" for number in range(1, model.start.max + 1)]
    path: Path = ("workers", name, "start", "max")
    if len(names[-1]) > limits.NAME_CHARACTERS:
        message = f"the name '{names[-1]}' would have more than {limits.NAME_CHARACTERS} characters"
        document.add("name", path, message, "a shorter name, or fewer of them")
    for taken in [each for each in names if each in models]:
        document.add("duplicate-name", path, f"one of them would be '{taken}', which is another worker")
    return names


class _Starts:
    """Turns what the file says about starting a worker into settings."""

    def __init__(self, document: Document, name: str, model: machine_models.Worker, directory: FilePath) -> None:
        self._document = document
        self._path: Path = ("workers", name, "start")
        self._capacity = model.capacity
        self._directory = directory

    def resolve(self, model: machine_models.StartModels) -> machines.Start:
        """The settings, with absolute paths."""
        self._check_times(model)
        common = self._common(model)
        match model:
            case machine_models.LocalStartModel():
                return machines.LocalStart(**common)
            case machine_models.SshStartModel():
                return self._ssh(model, common)
            case machine_models.KubernetesStartModel():
                return self._kubernetes(model, common)
            case _:
                assert_never(model)

    def _common(self, model: machine_models.StartModels) -> dict[str, Any]:
        if model.server is not None and not _ADDRESS.match(model.server):
            self._fault("server", f"'{model.server}' is no address", "host:port, as in ci.example.org:8011")
        return {
            "capacity": self._capacity,
            "idle_seconds": model.idle_timeout,
            "start_seconds": model.start_timeout,
            "stop_seconds": model.stop_timeout,
            "quarantine_seconds": model.quarantine,
            "server": model.server or machines.GATEWAY,
            "ca": model.ca,
            "tls": model.tls,
            "command": tuple(model.command or ()),
        }

    def _check_times(self, model: machine_models.StartModels) -> None:
        for key, value in (("start_timeout", model.start_timeout), ("quarantine", model.quarantine)):
            if not 0 < value <= limits.START_SECONDS:
                message = f"'{key}' is longer than nothing, and an hour at the most"
                self._document.add("range", (*self._path, key), message)

    def _ssh(self, model: machine_models.SshStartModel, common: dict[str, Any]) -> machines.SshStart:
        if not _HOST.match(model.host):
            self._fault("host", f"'{model.host}' is no host", "host or user@host; a port stands under 'port'")
        if model.install is not None and model.command is not None:
            self._fault("command", "'install' and 'command' exclude each other", "take one of them out", at_key=True)
        if not model.directory.strip("/") or ".." in model.directory.split("/") or model.directory.startswith("~"):
            self._fault(
                "directory", f"'{model.directory}' can't be it", "a path below the home directory, or an absolute one"
            )
        return machines.SshStart(
            **common,
            host=model.host,
            port=model.port,
            identity=self._file("identity", model.identity),
            known_hosts=self._file("known_hosts", model.known_hosts),
            options_file=self._file("options_file", model.options_file),
            install=self._file("install", model.install),
            directory=model.directory.rstrip("/"),
        )

    def _kubernetes(
        self, model: machine_models.KubernetesStartModel, common: dict[str, Any]
    ) -> machines.KubernetesStart:
        return machines.KubernetesStart(
            **common,
            image=model.image,
            namespace=model.namespace,
            kubeconfig=self._file("kubeconfig", model.kubeconfig),
            context=model.context,
            service_account=model.service_account,
            requests=model.resources.requests,
            limits=model.resources.limits,
            pod=model.pod,
            keep_seconds=int(model.keep),
        )

    def _file(self, key: str, path: str | None) -> str | None:
        """An absolute path; a warning if nothing is there, for the file may be checked on another machine."""
        if path is None:
            return None
        file = (self._directory / path).resolve()
        if not file.exists():
            message = f"there is no file {file}"
            hint = f"paths are relative to {self._directory}"
            self._document.add("start", (*self._path, key), message, hint, warning=True)
        return str(file)

    def _fault(self, key: str, message: str, hint: str, *, at_key: bool = False) -> None:
        self._document.add("start", (*self._path, key), message, hint, at_key=at_key)
