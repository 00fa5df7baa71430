"""Performs a step's operations on this machine, as a worker would, one after the other; no server is needed."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from buildledger.config.steps.kinds import Step
from buildledger.events.operation import (
    Copy,
    Download,
    Ended,
    FindArtifact,
    MakeDirectory,
    OperationSpec,
    ReadGenerated,
    ReadReports,
    Remove,
    Run,
    Stat,
    Text,
    Upload,
    WriteFile,
)
from buildledger.events.results import Result
from buildledger.steps.program import Conclusion, ObtainRevision, Operation, RequestBuilds, SetProperty, StepInputs
from buildledger.steps.registry import begin

EXITED = Ended(reason="exited", exit_code=0)
LIMIT_SECONDS = 60.0


@dataclass
class Performance:
    """Everything a program asked for and was answered, in order."""

    operations: list[Operation] = field(default_factory=list)
    outcomes: list[Ended] = field(default_factory=list)
    properties: dict[str, object] = field(default_factory=dict)
    revisions: dict[str, str] = field(default_factory=dict)
    requested: tuple[str, ...] = ()
    """Builders that were generated."""
    conclusion: Conclusion = Conclusion(result=Result.SKIPPED)  # noqa: RUF009 - frozen

    @property
    def labels(self) -> list[str]:
        """What the operations were called, in order."""
        return [operation.label for operation in self.operations]

    @property
    def output(self) -> str:
        """What was captured of all operations."""
        return "".join(outcome.text for outcome in self.outcomes)


class StepExecutor:
    """Performs operations in a build's directory, refusing to leave it."""

    def __init__(self, directory: Path, environment: Mapping[str, str] | None = None) -> None:
        self.directory = directory
        directory.mkdir(parents=True, exist_ok=True)
        self._environment = dict(os.environ if environment is None else environment)

    def perform(self, step: Step, inputs: StepInputs) -> Performance:
        """Carry out a step to its conclusion."""
        execution, done = begin(step, inputs), Performance()
        while execution.conclusion is None:
            match execution.request:
                case Operation() as operation:
                    pauses = operation.label.startswith("wait ")
                    outcome = EXITED if pauses else self.execute(operation.spec)
                    done.operations.append(operation)
                    done.outcomes.append(outcome)
                    execution.answer(outcome)
                case SetProperty(name=name, value=value):
                    done.properties[name] = value
                    execution.answer(None)
                case ObtainRevision(source=source, revision=revision):
                    done.revisions[source] = revision
                    execution.answer(None)
                case RequestBuilds(builders=builders):
                    done.requested += builders
                    execution.answer(None)
        done.conclusion = execution.conclusion
        return done

    def execute(self, spec: OperationSpec) -> Ended:
        """Perform one operation."""
        match spec:
            case Run():
                return self._run(spec)
            case MakeDirectory(path=path):
                self._inside(path).mkdir(parents=True, exist_ok=True)
                return EXITED
            case Remove(path=path):
                _remove(self._inside(path))
                return EXITED
            case Copy(source=source, target=target):
                _remove(self._inside(target))
                shutil.copytree(self._inside(source), self._inside(target), symlinks=True)
                return EXITED
            case Stat(path=path):
                return Ended(reason="exited", exit_code=0, text=_kind(self._inside(path)))
            case WriteFile(path=path, text=text):
                self._inside(path).write_text(text)
                return EXITED
            case Upload(path=path, limit_bytes=limit_bytes):
                return self._upload(self._inside(path), limit_bytes)
            case FindArtifact() | Download() | ReadReports() | ReadGenerated():
                raise NotImplementedError(f"{type(spec).__name__} needs a server")

    def _upload(self, file: Path, limit_bytes: int) -> Ended:
        if not file.is_file():
            return Ended(reason="no_file", detail=f"{file.name} is missing")
        size = file.stat().st_size
        if size > limit_bytes:
            return Ended(reason="too_large", detail=f"{file.name} is larger than {limit_bytes} bytes")
        return Ended(reason="exited", exit_code=0, text=f'{{"sha256": "{"0" * 64}", "size_bytes": {size}}}')

    def _inside(self, path: str) -> Path:
        place = (self.directory / path).absolute()
        assert place.is_relative_to(self.directory.absolute()), path
        assert ".." not in Path(path).parts, path
        return place

    def _run(self, spec: Run) -> Ended:
        environment = {name: value for name, value in self._environment.items() if name not in spec.unset_env}
        environment |= {name: value.value for name, value in spec.env.items() if isinstance(value, Text)}
        shell = ["/bin/sh", *(["-e"] if spec.stop_at_failure else []), "-c"]
        argv = list(spec.argv) if spec.script is None else [*shell, spec.script]
        self.directory.mkdir(parents=True, exist_ok=True)
        stderr = subprocess.STDOUT if spec.merge_stderr else subprocess.PIPE
        try:
            done = subprocess.run(
                argv,
                cwd=self._inside(spec.cwd),
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=stderr,
                timeout=LIMIT_SECONDS,
            )
        except OSError as error:
            return Ended(reason="start_failed", detail=str(error))
        captured = done.stdout[: spec.capture_bytes].decode(errors="backslashreplace")
        truncated = len(done.stdout) > spec.capture_bytes > 0
        if done.returncode < 0:
            return Ended(reason="signalled", signal=signal.Signals(-done.returncode), text=captured)
        return Ended(reason="exited", exit_code=done.returncode, text=captured, text_truncated=truncated)


def _remove(place: Path) -> None:
    """Remove what is there, if anything is; directories that a build made read-only too."""
    if not place.is_dir() or place.is_symlink():
        place.unlink(missing_ok=True)
        return
    for directory, _, _ in os.walk(place):
        Path(directory).chmod(0o700)
    shutil.rmtree(place)


def _kind(place: Path) -> str:
    if place.is_symlink():
        return "link"
    if place.is_dir():
        return "directory"
    return "file" if place.exists() else "missing"
