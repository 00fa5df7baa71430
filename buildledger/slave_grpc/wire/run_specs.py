"""From an operation of a build to the protocol's `RunSpec`."""

import posixpath
import stat
from collections.abc import Callable, Collection, Iterable, Sequence
from typing import assert_never

from buildledger.events.operation import (
    Copy,
    Download,
    EndReason,
    FindArtifact,
    MakeDirectory,
    OperationSpec,
    ReadGenerated,
    ReadReports,
    Remove,
    Run,
    SecretName,
    Stat,
    Upload,
    WriteFile,
)
from buildledger.grpc_protos.worker.v1 import worker_pb2 as pb

EXECUTABLE_MODE = 0o755
USUAL_GRACE_SECONDS = 10.0
"""What a worker gives a command that it ends if it isn't told otherwise: 5 s after each of the first two signals."""
WINDOWS = "windows"
STOPPING_SHELL = ("/bin/sh", "-e", "-c")
"""Ends a script with its first command that fails. `cmd.exe` of Windows has nothing like it."""
SPEC_BYTES = (1 << 20) - (16 << 10)
"""Of one specification: workers take messages of 1 MiB, and what stands around it needs room."""
ATTEMPT = 1
"""The attempt of every run on the wire: each try at an operation is an operation with an id of its own."""


class UnsendableError(Exception):
    """An operation can't be given to this worker; the text says why, `reason` is the reason that it ends with."""

    def __init__(self, text: str, *, reason: EndReason = EndReason.REJECTED) -> None:
        super().__init__(text)
        self.reason = reason


def secret_names(spec: OperationSpec) -> Sequence[str]:
    """The names of the secrets that an operation needs, sorted."""
    if not isinstance(spec, Run):
        return ()
    return sorted({value.name for value in spec.env.values() if isinstance(value, SecretName)})


def run_spec(
    spec: OperationSpec,
    directory: str,
    features: Collection[str],
    secret: Callable[[str], str],
    files: Sequence[pb.FileIn] = (),
    *,
    os: str = "",
    hidden: Iterable[tuple[str, str]] = (),
) -> pb.RunSpec:
    """The specification that a worker gets; never kept anywhere, since it may hold secrets.

    `secret` gives the value of a secret by name; `files` are those that a download is to fetch;
    `os` is the worker's operating system, as it says itself; `hidden` are further secrets, with their names, that a
    program isn't given but may have from an earlier one, through a file: the worker hides them all the same.

    Raises:
        UnsendableError: The worker doesn't offer a feature that the operation can't do without, or the whole is larger
            than a worker takes.
    """
    sent = pb.RunSpec(builddir=directory)
    match spec:
        case Run():
            _command(sent, spec, features, secret, os)
            sent.command.secrets.extend(pb.Secret(name=name, value=value.encode()) for name, value in hidden)
            if sent.command.secrets:
                _require("secrets", features)
        case Upload():
            _require("blobs", features)
            _upload(sent, spec, features)
        case Download():
            _require("blobs", features)
            if any(stat.S_IFMT(file.mode) for file in files):
                _require("file_types", features)
            sent.files_in.extend(files)
        case FindArtifact() | ReadReports() | ReadGenerated():
            raise TypeError(f"{type(spec).__name__} is done by the server")
        case MakeDirectory() | Remove() | Copy() | Stat() | WriteFile():
            _require("file_operations", features)
            _file_operation(sent, spec)
        case _:
            assert_never(spec)
    if (size := sent.ByteSize()) > SPEC_BYTES:
        what = "with its variables, secrets and names of files"
        text = f"{what} it has {size} bytes, more than the {SPEC_BYTES} that a worker takes"
        raise UnsendableError(text, reason=EndReason.START_FAILED)
    return sent


def _command(sent: pb.RunSpec, spec: Run, features: Collection[str], secret: Callable[[str], str], os: str) -> None:
    command = sent.command
    if spec.script is None:
        command.argv.args.extend(spec.argv)
    else:
        _require("shell_script", features)
        command.shell_script.text = spec.script
        if spec.stop_at_failure and os != WINDOWS:
            command.shell_script.interpreter.extend(STOPPING_SHELL)
    command.cwd = "" if spec.cwd == "." else spec.cwd
    for name, value in spec.env.items():
        if isinstance(value, SecretName) and not value.mask:
            command.env[name] = secret(value.name)
        elif isinstance(value, SecretName):
            command.secrets.add(name=value.name, env=name, value=secret(value.name).encode())
        else:
            command.env[name] = value.value
    if spec.unset_env:
        _require("unset_env", features)
        command.unset_env.extend(spec.unset_env)
    if spec.stdin is not None:
        _require("stdin", features)
        command.stdin = spec.stdin.encode()
    # A worker that can't join the two streams sends them apart, which loses their order but nothing else.
    command.merge_stderr = spec.merge_stderr and "merge_stderr" in features
    _limits(sent, spec, features)


def _limits(sent: pb.RunSpec, spec: Run, features: Collection[str]) -> None:
    """Limits of time and output, and how to end: a limit that nobody keeps would be a green step that should be red."""
    command = sent.command
    if spec.log_limit_bytes:
        _require("log_limit", features)
        command.log_limit = spec.log_limit_bytes
    if "stop_policy" in features or spec.grace_seconds != USUAL_GRACE_SECONDS:
        _require("stop_policy", features)
        for level in (pb.STOP_LEVEL_INTERRUPT, pb.STOP_LEVEL_TERMINATE):
            command.stop_policy.add(level=level).grace.FromMilliseconds(int(spec.grace_seconds * 500))
        command.stop_policy.add(level=pb.STOP_LEVEL_KILL)
    if spec.no_output_seconds is not None or spec.max_seconds is not None:
        _require("timeouts", features)
    if spec.no_output_seconds is not None:
        sent.timeouts.no_output.FromMilliseconds(int(spec.no_output_seconds * 1000))
    if spec.max_seconds is not None:
        sent.timeouts.max.FromMilliseconds(int(spec.max_seconds * 1000))


def _upload(sent: pb.RunSpec, spec: Upload, features: Collection[str]) -> None:
    """Ask for a listing, then for the files: only the listing knows links and empty directories."""
    patterns = upload_patterns(spec)
    if "file_operations" in features:
        sent.glob.patterns.extend(patterns)
    for pattern in patterns:
        sent.files_out.add(pattern=pattern, optional=True, size_limit=spec.limit_bytes)


def upload_patterns(spec: Upload) -> Sequence[bytes]:
    """The patterns of an upload: the path itself and all below it, or what matches below it."""
    path = posixpath.normpath(spec.path)
    below = b"" if path == "." else literal(path) + b"/"
    if spec.files:
        return [below + wire_path(pattern) for pattern in spec.files]
    return [below + b"**"] if path == "." else [literal(path), below + b"**"]


def _file_operation(sent: pb.RunSpec, spec: MakeDirectory | Remove | Copy | Stat | WriteFile) -> None:
    match spec:
        case MakeDirectory(path=path):
            sent.make_directory.path = wire_path(path)
        case Remove(path=path):
            sent.remove.path = wire_path(path)
        case Copy(source=source, target=target):
            sent.copy.source, sent.copy.destination = wire_path(source), wire_path(target)
        case Stat(path=path):
            sent.stat.path = wire_path(path)
        case WriteFile(path=path, text=text, executable=executable):
            sent.write_file.path, sent.write_file.content = wire_path(path), text.encode()
            sent.write_file.mode = EXECUTABLE_MODE if executable else 0
            sent.write_file.make_parents = True
        case _:
            assert_never(spec)


def _require(feature: str, features: Collection[str]) -> None:
    if feature not in features:
        raise UnsendableError(f"the worker does not offer {feature!r}, which this operation needs")


def wire_path(path: str) -> bytes:
    """A path as bytes; in facts, bytes that aren't UTF-8 are lone surrogates."""
    return path.encode("utf-8", "surrogateescape")


def literal(path: str) -> bytes:
    """A pattern that matches this path only."""
    return wire_path("".join(f"[{character}]" if character in "*?[" else character for character in path))
