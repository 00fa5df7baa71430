"""What a version-control system has to offer: the port that each folder beside this file fits.

A system plans commands and reads what they print; it runs none of them. Commands of a checkout are run by workers as
operations of a build's step (`steps/checkout.py`), commands of a mirror by the server's pollers (`intake/polling/`).
Whatever comes from outside (addresses, branches, revisions, paths) is checked before it stands in a command.
"""

from __future__ import annotations

from collections.abc import Generator, Iterable, Mapping
from pathlib import Path
from typing import Literal, NamedTuple, Protocol

import msgspec

from buildledger.events.operation import Ended, OperationSpec
from buildledger.sources.commits import Commit
from buildledger.sources.failures import Failure


class AddressProblem(NamedTuple):
    """Why an address of a configuration isn't taken."""

    message: str
    hint: str
    """What to write instead; may be empty."""


class CheckoutRequest(msgspec.Struct, frozen=True, kw_only=True):
    """What a step wants checked out, and how."""

    url: str
    branch: str
    """Empty or `HEAD`: the default branch."""
    revision: str | None
    """None: whatever the branch holds."""
    source: str
    """The source's name: clones that are copied are kept under it."""
    into: str
    """Where the files shall be, relative to the build's directory."""
    method: Literal["clobber", "fresh", "clean", "copy"] | None
    """How to get rid of what was there; None: not at all (incremental)."""
    alone: bool
    """Nothing else has been checked out for this build, so a damaged clone may go with all that is beside it."""
    first: bool
    """No step of this build has done anything yet: whatever is in its directory is of earlier ones."""
    filter: str | None
    depth: int | None
    submodules: bool
    lfs: bool
    no_output_seconds: float | None
    """A command is stopped after so long a silence; None: never. The time altogether is the step's business."""


class WorkerCommand(NamedTuple):
    """Something that a checkout has done on the worker."""

    label: str
    """A few words for people: `git fetch`."""
    spec: OperationSpec


class WorkerCommandFailedError(Exception):
    """A command of a checkout didn't do what was asked."""

    def __init__(self, command: WorkerCommand, ended: Ended) -> None:
        super().__init__(command.label)
        self.command = command
        self.ended = ended


CheckoutProgram = Generator[WorkerCommand, Ended, str]
"""Asks for commands one after the other, is sent how each ended, and returns the revision that was got.

The same answers have to lead to the same commands: after a restart of the server it is begun again and sent what is
known. It raises `WorkerCommandFailedError` for a command that failed and that it knows no other way around.
"""


class Checkout(Protocol):
    """One checkout, with what earlier tries at it have taught."""

    def attempt(self) -> CheckoutProgram:
        """Begin a try at it."""
        ...

    def failure(self, failed: WorkerCommandFailedError) -> Failure | None:
        """What a failed command's output says; None when it wasn't this system that failed."""
        ...

    def blames_commit(self, failed: WorkerCommandFailedError) -> bool:
        """Whether the commit that is checked out caused the failure, by what it refers to."""
        ...

    def repair(self, failed: WorkerCommandFailedError) -> None:
        """Let the next try begin by removing what was damaged or in the way."""
        ...

    def may_come(self, failed: WorkerCommandFailedError) -> bool:
        """Whether the revision was announced and isn't there yet, so that waiting may help."""
        ...

    def pause(self, seconds: int) -> WorkerCommand:
        """Let the worker wait; a restart of the server doesn't begin the pause anew."""
        ...


class Comparison(msgspec.Struct, frozen=True, kw_only=True):
    """What lies between where a branch was and where it is."""

    forced: bool
    """Where it was is no ancestor of where it is."""
    new: tuple[str, ...]
    """Revisions that are on it and weren't, oldest first."""


class RemoteNames(msgspec.Struct, frozen=True, kw_only=True):
    """What a repository has names for, each with the revision that it stands for."""

    branches: Mapping[str, str]
    tags: Mapping[str, str]


class LookedUp(NamedTuple):
    """What a mirror knows under a revision, or the beginning of one."""

    revision: str | None
    """The whole one; None: there is none, or there are several."""
    ambiguous: bool
    """More than one thing begins so, of whatever kind."""


class FoundFile(msgspec.Struct, frozen=True, kw_only=True):
    """What a revision has at a path."""

    kind: Literal["file", "link", "directory", "submodule"]
    size_bytes: int
    """Of a file."""
    content: str
    """What the system knows the content by."""


class ServerCommand(NamedTuple):
    """A command for the server's own mirror of a repository."""

    argv: tuple[str, ...]
    stdin: bytes = b""


class LogReader(Protocol):
    """Reads what a log command prints, piece by piece. Raises ValueError if it is no such output."""

    def feed(self, data: bytes) -> list[Commit]:
        """The commits that `data` completes."""
        ...

    def end(self) -> list[Commit]:
        """The last commit, if there was any."""
        ...


class MirrorCommands(Protocol):
    """The commands that keep a mirror of one repository on the server and read it. `parse_…` raise ValueError."""

    def environment(self, inherited: Mapping[str, str]) -> Mapping[str, str]:
        """The variables of all commands, made of those of the server."""
        ...

    def list_remote_heads(self) -> ServerCommand:
        """Print the far end's branches; touches no file."""
        ...

    def parse_heads(self, output: bytes) -> dict[str, str]:
        """Branch → revision, of what `list_remote_heads` or `list_heads` printed."""
        ...

    def list_remote_names(self) -> ServerCommand:
        """Print the far end's branches and tags; touches no file."""
        ...

    def parse_remote_names(self, output: bytes) -> RemoteNames:
        """What `list_remote_names` printed."""
        ...

    def look_up(self, revision: str) -> ServerCommand | None:
        """Print which revision of the mirror this is, whole or only its beginning; None if it can't be either."""
        ...

    def parse_look_up(self, output: bytes) -> LookedUp:
        """What `look_up` printed."""
        ...

    def whole_revision(self, text: str) -> str | None:
        """The text as the system writes it, if it is a whole revision; None if it is anything else."""
        ...

    def fetch_revision(self, revision: str) -> ServerCommand:
        """Bring a whole revision into the mirror that is on none of its branches."""
        ...

    def find_default_branch(self) -> ServerCommand:
        """Ask the far end which branch is meant when nobody names one; touches no file."""
        ...

    def parse_default_branch(self, output: bytes) -> str | None:
        """What `find_default_branch` printed; None if the far end names none."""
        ...

    def create(self, heads: Mapping[str, str]) -> ServerCommand:
        """Make an empty mirror for a far end that has these branches."""
        ...

    def update(self) -> ServerCommand:
        """Make the mirror's branches those of the far end."""
        ...

    def list_heads(self) -> ServerCommand:
        """Print the mirror's branches."""
        ...

    def compare(self, before: str, now: str) -> ServerCommand:
        """Print what lies between two revisions."""
        ...

    def parse_comparison(self, output: bytes) -> Comparison | None:
        """What `compare` printed; None if the mirror has lost the earlier revision."""
        ...

    def list_new(self, now: str, known: Iterable[str]) -> ServerCommand:
        """Print what `now` has and no revision of `known` has, oldest first."""
        ...

    def parse_revisions(self, output: bytes) -> tuple[str, ...]:
        """What `list_new` printed."""
        ...

    def log(self, wanted: Iterable[str], known: Iterable[str], limit: int) -> ServerCommand:
        """Print the newest `limit` commits that `wanted` have and no revision of `known` has, parents first."""
        ...

    def log_reader(self) -> LogReader:
        """For what one `log` command prints."""
        ...

    def find_file(self, revision: str, path: str) -> ServerCommand:
        """Print what a whole revision of the mirror has at a path, without its content."""
        ...

    def parse_found_file(self, output: bytes) -> FoundFile | None:
        """What `find_file` printed; None if there is nothing."""
        ...

    def print_file(self, found: FoundFile) -> ServerCommand:
        """Print the content of a file that was found."""
        ...

    def failure(self, errors: str) -> Failure:
        """What the error output of a failed command says."""
        ...


class VersionControl(Protocol):
    """One version-control system."""

    KEY: str
    """What names it in the file (`git: URL`), in facts and on pages."""
    ADDRESS_HELP: str
    """Which forms an address has, for the manual and for editors."""
    UNUSABLE_CHECKOUT_KEYS: frozenset[str]
    """Keys of a checkout step that mean nothing to it (`lfs`, `depth`, …); the configuration refuses them."""

    def address_problem(self, url: str) -> AddressProblem | None:
        """Why an address isn't taken; None if it is."""
        ...

    def local_path(self, url: str) -> Path | None:
        """Where a repository is in the server's own file system; None for any other.

        Raises:
            RefusedError
        """
        ...

    def watched_paths(self, repository: Path) -> list[Path]:
        """Files and directories of a local repository of which one changes whenever a branch moves. Reads the disk."""
        ...

    def checkout(self, request: CheckoutRequest) -> Checkout:
        """Plan a checkout.

        Raises:
            RefusedError: For what could mislead the tool or leave the build's directory.
        """
        ...

    def mirror(self, url: str, directory: Path) -> MirrorCommands:
        """The commands for a mirror of the repository in this directory.

        Raises:
            RefusedError
        """
        ...
