"""Case files: what is in them, and everything that can be wrong with them."""

from __future__ import annotations

import importlib
import pkgutil
from collections.abc import Iterator, Mapping, Sequence
from importlib.resources import files
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from buildledger.conformance import steps as vocabulary
from buildledger.conformance.case_context import without_references
from buildledger.conformance.content import Content
from buildledger.conformance.message_builder import MessageError, build
from buildledger.conformance.quantities import Size
from buildledger.conformance.steps.branches import IfLacking, Steps
from buildledger.conformance.worker import WorkerCommand
from buildledger.grpc_protos.worker.v1 import worker_pb2 as pb

for _module in pkgutil.iter_modules(vocabulary.__path__, vocabulary.__name__ + "."):
    # Each module enters its steps into the list of those that a case may use.
    importlib.import_module(_module.name)

FEATURES = (
    "blobs", "cgroup", "file_operations", "file_types", "gap", "ledger_head", "log_limit", "merge_stderr", "pty",
    "secrets", "shell_script", "stdin", "stop_policy", "subreaper", "supervised", "timeouts", "tree_kill", "umask",
    "unset_env", "watch_files",
)  # fmt: skip
"""What version 1 of the protocol lets a worker offer."""
_FILE_OPERATIONS = {"make_directory", "remove", "copy", "stat", "glob", "write_file", "read_file"}
_FEATURE_OF_FIELD = {"files_in": "blobs", "files_out": "blobs"} | dict.fromkeys(_FILE_OPERATIONS, "file_operations")
"""Fields of RunSpec and Command that need a feature of another name; many have the feature's own."""
GROUPS = ("hello", "handshake", "idempotence", "output", "failure", "processes", "files")
CHECKS = 42
Profile = Literal["fast", "full"]


class CaseFileError(Exception):
    """A case file that can't be used, with all that is wrong with it."""

    def __init__(self, file: str, problems: Sequence[str]) -> None:
        self.problems = problems
        super().__init__(f"{file}:\n" + "\n".join(f"  {problem}" for problem in problems))


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Run(_Model):
    """One thing for the worker to do.

    `do` is what the kit's helper program does; `command` adds fields of `Command`, `spec` adds fields of `RunSpec`. The
    build directory is called like the run unless `spec` says otherwise.
    """

    do: list[str] | None = None
    command: dict[str, Any] = {}
    spec: dict[str, Any] = {}

    def plain(self, name: str) -> dict[str, Any]:
        """The RunSpec as plain data, with placeholders."""
        spec: dict[str, Any] = {"builddir": name, **self.spec}
        command = dict(self.command)
        if self.do is not None:
            command["argv"] = {"args": ["{helper}", *self.do]}
        return {**spec, "command": command} if command else spec

    def features(self) -> set[str]:
        """What a worker has to offer to do it, as far as its fields tell."""
        names = {_FEATURE_OF_FIELD.get(field, field) for field in (*self.spec, *self.command)}
        return names & set(FEATURES) | ({"gap"} if self.command.get("output_policy") == "GAP" else set())


class BlobContent(_Model):
    """What a blob consists of."""

    text: str = ""
    pattern: Size = 0
    seed: int = 1
    zeros: Size = 0
    held: bool = True
    """Whether the server has it from the beginning."""

    def content(self) -> Content:
        """The bytes."""
        return Content(literal=self.text.encode(), pattern_bytes=self.pattern, seed=self.seed, zero_bytes=self.zeros)


class ServerTerms(_Model):
    """How the server behaves from the beginning; steps may change it."""

    welcome: dict[str, Any] = {}
    introduces: bool = True
    from_the_future: bool = False
    releases: bool = True


class WorkerTerms(_Model):
    """How the worker is started."""

    starts: bool = True
    """Whether it is started before the first step."""
    spool: Size | None = None
    """What `{spool}` in its command line says."""
    movable_clock: bool = False
    small_disk: Size | None = None
    """Let the work directory lie on a file system of this size."""
    environment: dict[str, str] = {}


class Case(_Model):
    """One thing that a worker must show."""

    id: str = Field(pattern=r"^[a-z0-9][a-z0-9-]*$")
    check: int | None = Field(default=None, ge=1, le=CHECKS)
    title: str
    why: str
    needs: list[str] = []
    """Features without which the case isn't offered, besides those that its runs name in their fields."""
    takes: list[Literal["token", "spool"]] = []
    """What the command line must be able to pass on."""
    runs_at_once: int = 1
    """The case isn't offered to a worker of less capacity."""
    profile: Profile = "fast"
    server: ServerTerms = ServerTerms()
    worker: WorkerTerms = WorkerTerms()
    blobs: dict[str, BlobContent] = {}
    runs: dict[str, Run] = {}
    steps: Steps

    def problems(self) -> Iterator[str]:
        """What only shows when everything is looked at together."""
        yield from (f"no worker can offer {name!r}" for name in self.needs if name not in FEATURES)
        for step in self.steps:
            yield from (
                f"{type(step).__name__} speaks of run {name!r}, which the case doesn't have"
                for name in step.runs_named()
                if name not in self.runs
            )
            try:
                step.try_out()
            except (MessageError, ValueError, KeyError) as error:
                yield f"{type(step).__name__}: {error}"
        for name, run in self.runs.items():
            try:
                build(pb.RunSpec, without_references(run.plain(name)), f"runs.{name}")
            except MessageError as error:
                yield str(error)
        try:
            build(pb.Welcome, self.server.welcome, "server.welcome")
        except MessageError as error:
            yield str(error)

    def features(self) -> list[str]:
        """All that a worker has to offer; what is only asked of workers that lack a feature isn't part of it."""
        wanted = {name for step in self.steps if not isinstance(step, IfLacking) for name in step.runs_named()}
        return sorted({*self.needs}.union(*(self.runs[name].features() for name in wanted)))

    def hindrance(self, hello: pb.Hello, command: WorkerCommand) -> str | None:
        """Why the case isn't offered to a worker, or None if it is."""
        lacking = [name for name in self.features() if name not in hello.features]
        if lacking:
            return f"the worker doesn't offer {', '.join(lacking)}"
        untold = [f"{{{name}}}" for name in self.takes if not command.takes(name)]
        if untold:
            return f"the command line takes no {', '.join(untold)}"
        if hello.capacity < self.runs_at_once:
            return f"the worker does {hello.capacity} runs at once, the case needs {self.runs_at_once}"
        return None


class Group(_Model):
    """One file of cases."""

    group: Literal["hello", "handshake", "idempotence", "output", "failure", "processes", "files"]
    about: str
    cases: list[Case]


class NamedCase(_Model):
    """A case with the name it is known by: `output/17-100-mib`."""

    name: str
    group: str
    case: Case


def load_all(directory: Path | None = None) -> list[NamedCase]:
    """All cases of the kit (or of another directory), by group and in the order of their files.

    Raises:
        CaseFileError: a file can't be used.
    """
    root = directory if directory is not None else Path(str(files("buildledger.conformance") / "cases"))
    loaded = [each for path in sorted(root.glob("*.yaml")) for each in load(path)]
    return sorted(loaded, key=lambda each: GROUPS.index(each.group))


def load(path: Path) -> list[NamedCase]:
    """The cases of one file.

    Raises:
        CaseFileError: it can't be used.
    """
    try:
        data = YAML(typ="safe").load(path)
    except YAMLError as error:
        raise CaseFileError(path.name, [str(error)]) from error
    try:
        group = Group.model_validate(data)
    except ValidationError as error:
        raise CaseFileError(path.name, [_problem(each, data) for each in error.errors()]) from error
    problems = [f"{case.id}: {problem}" for case in group.cases for problem in case.problems()]
    ids = [case.id for case in group.cases]
    problems += [f"{name}: there are two of that name" for name in set(ids) if ids.count(name) > 1]
    if problems:
        raise CaseFileError(path.name, problems)
    return [NamedCase(name=f"{group.group}/{case.id}", group=group.group, case=case) for case in group.cases]


def _problem(error: Mapping[str, Any], data: Any) -> str:
    """One sentence that says where, by the name of the case."""
    place: list[str] = []
    here = data
    for part in error["loc"]:
        try:
            here = here[part]
        except (KeyError, IndexError, TypeError):
            here = None
        is_case = place == ["cases"] and isinstance(here, Mapping)
        place.append(str(here.get("id", part)) if is_case else str(part))
    return f"{'.'.join(place).removeprefix('cases.')}: {error['msg'].removeprefix('Value error, ')}"
