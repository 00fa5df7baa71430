"""Checks a RunSpec before anything is started, and derives what is needed to execute it."""

import fnmatch
import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from google.protobuf.duration_pb2 import Duration

from buildledger.grpc_protos.worker.v1 import worker_pb2 as pb
from buildledger.worker.files.paths import BuildDirectory, PathEscapesError, build_directory
from buildledger.worker.processes.procfs import COOKIE_VARIABLE

LONGEST_STDIN_BYTES = 128 << 10
LONGEST_SCRIPT_BYTES = 100 << 10
LONGEST_SECRET_BYTES = 64 << 10
_DEFAULT_SHELL = ("/bin/sh", "-c")
_DEFAULT_STOP_POLICY = (
    (pb.STOP_LEVEL_INTERRUPT, 5.0),
    (pb.STOP_LEVEL_TERMINATE, 5.0),
    (pb.STOP_LEVEL_KILL, 0.0),
)
_OWN_CHANNELS = {"stdio", "stdout", "stderr"}
_CHANNEL_NAME = re.compile(r"[A-Za-z0-9._-]{1,64}")
# What configures the worker is none of the build's business; the mark is handed on for workers inside of runs.
_OWN_PREFIX = "BUILDLEDGER_"


class SpecRefusedError(Exception):
    """A RunSpec that this worker refuses."""

    def __init__(self, code: pb.RejectCode.ValueType, message: str) -> None:
        self.code = code
        self.message = message
        super().__init__(message)


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """A checked RunSpec, with what follows from it."""

    spec: pb.RunSpec
    directory: BuildDirectory
    """Which may not exist yet."""
    channels: tuple[str, ...]
    stop_policy: Sequence[tuple[pb.StopLevel.ValueType, float]]
    """Level and seconds to wait after it; ends with KILL."""
    no_output_seconds: float
    max_seconds: float
    start_seconds: float
    """Of these three, 0 means no limit."""

    @property
    def changes_nothing(self) -> bool:
        """Whether doing it twice would be harmless, so that its start need not be durable."""
        return self.spec.WhichOneof("operation") in ("stat", "glob", "read_file") and not self.spec.files_in


def make_plan(spec: pb.RunSpec, work_dir: Path, features: Sequence[str]) -> Plan:
    """Check `spec` as far as can be done without touching the disk.

    Raises:
        SpecRefusedError: it can't be done, for the reason given.
    """
    try:
        directory = build_directory(work_dir, spec.builddir)
    except PathEscapesError as error:
        raise SpecRefusedError(pb.REJECT_CODE_PATH_ESCAPES, f"builddir: {error}") from error
    operation = spec.WhichOneof("operation")
    if operation is None and not spec.files_in and not spec.files_out:
        raise _invalid("there is nothing to do")
    _need("blobs", bool(spec.files_in or spec.files_out), features)
    channels: tuple[str, ...] = ()
    if operation == "command":
        _check_command(spec.command, features)
        channels = _channels(spec.command)
    return Plan(
        spec=spec,
        directory=directory,
        channels=channels,
        stop_policy=_stop_policy(spec.command.stop_policy),
        no_output_seconds=seconds(spec.timeouts.no_output),
        max_seconds=seconds(spec.timeouts.max),
        start_seconds=seconds(spec.timeouts.start),
    )


def command_line(command: pb.Command) -> list[str]:
    """Program and arguments to start."""
    if command.WhichOneof("program") == "argv":
        return list(command.argv.args)
    return [*(command.shell_script.interpreter or _DEFAULT_SHELL), command.shell_script.text]


def environment(command: pb.Command, base: Mapping[str, str], cookie: str) -> dict[str, str]:
    """The variables a command runs with, secrets in files excepted."""
    env = {
        name: value
        for name, value in base.items()
        if not name.startswith(_OWN_PREFIX) and not any(fnmatch.fnmatchcase(name, out) for out in command.unset_env)
    }
    env.update(command.env)
    if command.HasField("pty"):
        env["TERM"] = command.pty.term or "xterm-256color"
    for secret in command.secrets:
        if secret.env:
            env[secret.env] = os.fsdecode(secret.value)
    outer = base.get(COOKIE_VARIABLE)
    env[COOKIE_VARIABLE] = f"{outer}:{cookie}" if outer else cookie
    return env


def seconds(duration: Duration) -> float:
    """A protocol duration in seconds; 0 if absent."""
    return duration.seconds + duration.nanos / 1e9


def _check_command(command: pb.Command, features: Sequence[str]) -> None:
    match command.WhichOneof("program"):
        case "argv":
            texts = list(command.argv.args)
        case "shell_script":
            texts = [*command.shell_script.interpreter, command.shell_script.text]
            if len(command.shell_script.text.encode()) > LONGEST_SCRIPT_BYTES:
                raise _invalid(f"the script is longer than {LONGEST_SCRIPT_BYTES} bytes")
        case _:
            raise _invalid("there is neither argv nor script")
    if not texts or not texts[0]:
        raise _invalid("there is no program")
    if any("\0" in text for text in (*texts, *command.env, *command.env.values())):
        raise _invalid("a command line or environment can't hold NUL")
    names = [*command.env, *(name for secret in command.secrets for name in (secret.env, secret.file_env) if name)]
    if any(not name or "=" in name for name in names):
        raise _invalid("a variable's name is empty or holds '='")
    if any(len(secret.value) > LONGEST_SECRET_BYTES for secret in command.secrets):
        raise _invalid(f"a secret is longer than {LONGEST_SECRET_BYTES} bytes")
    if any(secret.env and b"\0" in secret.value for secret in command.secrets):
        raise _invalid("a secret that goes into the environment holds NUL")
    if len(command.stdin) > LONGEST_STDIN_BYTES:
        raise _invalid(f"standard input is longer than {LONGEST_STDIN_BYTES} bytes")
    _need("pty", command.HasField("pty"), features)


def _channels(command: pb.Command) -> tuple[str, ...]:
    own = ("stdio",) if command.merge_stderr or command.HasField("pty") else ("stdout", "stderr")
    watched = tuple(file.channel for file in command.watch_files)
    for name in watched:
        if name in _OWN_CHANNELS or not _CHANNEL_NAME.fullmatch(name):
            raise _invalid(f"{name!r} can't be the name of a watched file's channel")
    if len(set(watched)) != len(watched) or len(watched) > 100:
        raise _invalid("watched files need different channels, at most 100")
    return own + watched


def _stop_policy(steps: Sequence[pb.StopStep]) -> Sequence[tuple[pb.StopLevel.ValueType, float]]:
    policy = [(step.level or pb.STOP_LEVEL_INTERRUPT, seconds(step.grace)) for step in steps]
    if not policy:
        return _DEFAULT_STOP_POLICY
    # Whatever was asked for, in the end it has to be over.
    return policy if policy[-1][0] == pb.STOP_LEVEL_KILL else [*policy, (pb.STOP_LEVEL_KILL, 0.0)]


def _need(feature: str, needed: bool, features: Sequence[str]) -> None:
    if needed and feature not in features:
        raise SpecRefusedError(pb.REJECT_CODE_UNSUPPORTED, f"this worker doesn't offer {feature}")


def _invalid(message: str) -> SpecRefusedError:
    return SpecRefusedError(pb.REJECT_CODE_INVALID_SPEC, message)
