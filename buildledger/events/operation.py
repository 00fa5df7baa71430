"""What can be asked of a worker, and how it ended: values inside the facts of a build."""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum
from typing import Literal

import msgspec


class SecretName(msgspec.Struct, frozen=True, omit_defaults=True, tag="secret", tag_field="kind"):
    """A secret by name; its value is put in when the operation is sent and stands in no fact."""

    name: str
    mask: bool = True
    """False: the value isn't hidden where it is written, as somebody wants it who says that it may be seen."""


class Text(msgspec.Struct, frozen=True, tag="text", tag_field="kind"):
    """A plain value of an environment variable."""

    value: str


EnvironmentValue = Text | SecretName


class Run(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, tag="run", tag_field="kind"):
    """Start a process tree and wait for its end. Either `argv` or `script` is given, never both."""

    argv: tuple[str, ...] = ()
    script: str | None = None
    """A shell script; data reaches it only through `env`."""
    stop_at_failure: bool = False
    """The script ends with the first of its commands that fails, where the worker's shell knows how (`sh -e`)."""
    cwd: str = "."
    """Relative to the build's directory, inside it."""
    env: dict[str, EnvironmentValue] = msgspec.field(default_factory=dict)
    unset_env: tuple[str, ...] = ()
    stdin: str | None = None
    no_output_seconds: float | None = 1200.0
    """Killed after so long a silence; None: never."""
    max_seconds: float | None = None
    grace_seconds: float = 10.0
    """Between the first signal and the last one."""
    log_limit_bytes: int = 1 << 30
    merge_stderr: bool = True
    """One channel `stdio` in exact order; else `stdout` and `stderr` apart."""
    capture_bytes: int = 0
    """How much of the output, from its beginning, comes back in the outcome, for programs that parse it."""


class MakeDirectory(msgspec.Struct, frozen=True, kw_only=True, tag="make_directory", tag_field="kind"):
    """Make a directory and its parents; there already is success."""

    path: str


class Remove(msgspec.Struct, frozen=True, kw_only=True, tag="remove", tag_field="kind"):
    """Remove a file or a whole tree; not there is success."""

    path: str


class Copy(msgspec.Struct, frozen=True, kw_only=True, tag="copy", tag_field="kind"):
    """Copy a file or a whole tree, replacing what is there."""

    source: str
    target: str


class Stat(msgspec.Struct, frozen=True, kw_only=True, tag="stat", tag_field="kind"):
    """Ask whether a path is there and what it is: `missing`, `file`, `directory` or `link` comes back as the text."""

    path: str


class WriteFile(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, tag="write_file", tag_field="kind"):
    """Write a small text file, atomically."""

    path: str
    text: str
    executable: bool = False


class Upload(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, tag="upload", tag_field="kind"):
    """Send a file or a directory of the build's directory to the server, which keeps it as an artifact."""

    path: str
    artifact: str
    """The name it is listed under."""
    limit_bytes: int
    """Most bytes of one file."""
    files: tuple[str, ...] = ()
    """Patterns: of the directory `path` only what matches. Empty: all of it."""
    optional: bool = False
    """That nothing is there is no failure."""
    reports: bool = False
    """What is sent are test reports: secrets of the build are hidden in them before they are kept."""


class FindArtifact(
    msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, tag="find_artifact", tag_field="kind"
):
    """Choose an artifact of some build; done by the server. Its outcome says which one it was."""

    artifact: str
    of: Literal["build", "parent", "builder"]
    """This build, the one whose success asked for it, or one of `builder`."""
    builder: str = ""
    number: int | None = None
    """Of that builder: this build; None: the last one that succeeded on `branch`."""
    branch: str = ""


class Download(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True, tag="download", tag_field="kind"):
    """Place an artifact, or a page of a directory, in the build's directory."""

    artifact: str
    """Its name, for people."""
    sha256: str
    """Of the file, or of the directory's manifest."""
    path: str
    """What a file is to be called; where a directory's content goes."""
    directory: bool = False
    size_bytes: int = 0
    """Of a file."""
    mode: int = 0
    """Permission bits of a file; 0: the worker's default."""
    page: int = 0
    """Of a directory's entries, from 0."""


class ReadReports(msgspec.Struct, frozen=True, kw_only=True, tag="read_reports", tag_field="kind"):
    """Read test reports that were uploaded, and record their results; done by the server."""

    format: Literal["junit", "subunit", "tap"]
    manifest: str
    """SHA-256 of the manifest that names the reports."""


class ReadGenerated(msgspec.Struct, frozen=True, kw_only=True, tag="read_generated", tag_field="kind"):
    """Check the builders that the step's program has written, and store them as a pipeline; done by the server."""

    sha256: str
    """Of the text, which an operation before it has brought back."""


OperationSpec = (
    Run
    | MakeDirectory
    | Remove
    | Copy
    | Stat
    | WriteFile
    | Upload
    | FindArtifact
    | Download
    | ReadReports
    | ReadGenerated
)
SERVER_SIDE = (FindArtifact, ReadReports, ReadGenerated)
"""What the server does itself, on behalf of the build's worker."""


class EndReason(StrEnum):
    """Why an operation ended: all that this version says. `docs/errors.md` explains each."""

    EXITED = "exited"
    SIGNALLED = "signalled"
    NO_OUTPUT = "no_output"
    MAX_TIME = "max_time"
    LOG_LIMIT = "log_limit"
    CANCEL = "cancel"
    WORKER_SHUTDOWN = "worker_shutdown"
    START_FAILED = "start_failed"
    START_UNKNOWN = "start_unknown"
    INTERRUPTED = "interrupted"
    REJECTED = "rejected"
    REFUSED_PATH = "refused_path"
    IO_ERROR = "io_error"
    NO_FILE = "no_file"
    NOT_A_FILE = "not_a_file"
    TOO_LARGE = "too_large"
    BAD_REPORT = "bad_report"
    BAD_DEFINITION = "bad_definition"
    INCONSISTENT = "inconsistent"
    NO_SECRET = "no_secret"  # noqa: S105 - why something ended
    SECRETS_AWAY = "secrets_away"
    LOST = "lost"


class ProcessMechanism(StrEnum):
    """What holds a command's processes together, so that all of them end with it: what the workers of this version say.
    `docs/errors.md` explains each."""

    CGROUP_V2 = "cgroup_v2"
    SUBREAPER = "subreaper"
    PROCESS_GROUP = "process_group"
    JOB_OBJECT = "job_object"
    BUILDBOT_WORKER = "buildbot-worker"


class OutputTotal(msgspec.Struct, frozen=True, kw_only=True):
    """What a finished operation wrote to one channel, as the log store holds it."""

    channel: str
    """As in `log.opened.v1`."""
    size_bytes: int
    """Before compression."""
    line_count: int
    sha256: str
    """In hex."""


class Ended(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """How an operation ended."""

    reason: str
    """One of `EndReason`. Text, so that what another version has recorded can be read: such an operation counts as
    one that the worker could not carry out (the step is an exception)."""
    exit_code: int | None = None
    signal: int | None = None
    detail: str = ""
    """A line for people: the missing program, the path that was refused."""
    text: str = ""
    """What the operation was asked to bring back: captured output, the kind of a path, JSON about what was kept
    (`answers.py`)."""
    text_truncated: bool = False
    survivors_killed: int = 0
    """Processes that outlived their root and were swept."""
    outputs: tuple[OutputTotal, ...] = ()
    duration_seconds: float = 0.0

    @property
    def ok(self) -> bool:
        """It did what was asked, and a process exited with 0."""
        return self.reason == EndReason.EXITED and self.exit_code == 0

    @property
    def infrastructure(self) -> bool:
        """The worker or the secrets' place, not the code under test, is to blame: the build may be tried again."""
        return self.reason in INFRASTRUCTURE_REASONS


INFRASTRUCTURE_REASONS = frozenset(
    {
        EndReason.WORKER_SHUTDOWN,
        EndReason.START_UNKNOWN,
        EndReason.INTERRUPTED,
        EndReason.REJECTED,
        EndReason.INCONSISTENT,
        EndReason.LOST,
        EndReason.SECRETS_AWAY,
    }
)

Mask = Callable[[bytes], bytes]
"""Hides the secrets that it was made for in whatever it is given."""


def masked_secrets(spec: OperationSpec) -> frozenset[str]:
    """The names of the secrets that an operation is given and that nobody is to see."""
    if not isinstance(spec, Run):
        return frozenset()
    return frozenset(value.name for value in spec.env.values() if isinstance(value, SecretName) and value.mask)


def shown_secrets(spec: OperationSpec) -> frozenset[str]:
    """The names of the secrets of which an operation's writer says that everybody may see them in its output."""
    if not isinstance(spec, Run):
        return frozenset()
    return frozenset(value.name for value in spec.env.values() if isinstance(value, SecretName) and not value.mask)


def mask_text(mask: Mask, text: str) -> str:
    """A text without the secrets of a mask."""
    return mask(text.encode(errors="surrogateescape")).decode(errors="surrogateescape") if text else text
