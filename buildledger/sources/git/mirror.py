"""A bare mirror on the server: the commands of `polling.py` for one repository and one directory."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

from buildledger.sources.failures import Failure
from buildledger.sources.git import command, failure, names, polling
from buildledger.sources.git.address import Address
from buildledger.sources.git.history import LogParser
from buildledger.sources.port import Comparison, FoundFile, LogReader, LookedUp, RemoteNames, ServerCommand


class GitMirror:
    """See `MirrorCommands`."""

    def __init__(self, address: Address, directory: Path) -> None:
        self._address = address
        self._directory = str(directory)

    def environment(self, inherited: Mapping[str, str]) -> Mapping[str, str]:
        """The server's variables, less what git would take from them, plus what hardens it."""
        kept = {name: value for name, value in inherited.items() if name not in command.INHERITED}
        return kept | command.environment(self._address)

    def list_remote_heads(self) -> ServerCommand:
        """`git ls-remote`."""
        return ServerCommand(polling.list_remote_heads(self._address))

    def parse_heads(self, output: bytes) -> dict[str, str]:
        """Branch → object name."""
        return polling.parse_heads(output)

    def list_remote_names(self) -> ServerCommand:
        """`git ls-remote`."""
        return ServerCommand(polling.list_remote_names(self._address))

    def parse_remote_names(self, output: bytes) -> RemoteNames:
        """Branches and tags, with their commits."""
        return polling.parse_remote_names(output)

    def look_up(self, revision: str) -> ServerCommand | None:
        """`git cat-file --batch-check`."""
        asked = polling.look_up(self._directory, revision)
        return None if asked is None else ServerCommand(*asked)

    def parse_look_up(self, output: bytes) -> LookedUp:
        """The whole object name."""
        return polling.parse_look_up(output)

    def whole_revision(self, text: str) -> str | None:
        """A whole object name, in lower case."""
        folded = text.lower()
        return folded if names.is_object_name(folded) else None

    def fetch_revision(self, revision: str) -> ServerCommand:
        """`git fetch` of one object name."""
        return ServerCommand(polling.fetch_revision(self._address, self._directory, revision))

    def find_default_branch(self) -> ServerCommand:
        """`git ls-remote --symref`."""
        return ServerCommand(polling.find_default_branch(self._address))

    def parse_default_branch(self, output: bytes) -> str | None:
        """The branch that HEAD is."""
        return polling.parse_default_branch(output)

    def create(self, heads: Mapping[str, str]) -> ServerCommand:
        """`git init --bare`, in the far end's object format."""
        return ServerCommand(polling.init(self._directory, polling.object_format(heads)))

    def update(self) -> ServerCommand:
        """`git fetch --prune`."""
        return ServerCommand(polling.fetch(self._address, self._directory))

    def list_heads(self) -> ServerCommand:
        """`git for-each-ref`."""
        return ServerCommand(polling.list_heads(self._directory))

    def compare(self, before: str, now: str) -> ServerCommand:
        """`git rev-list --left-right`."""
        return ServerCommand(polling.compare(self._directory, before, now))

    def parse_comparison(self, output: bytes) -> Comparison | None:
        """What is new, and whether anything was thrown away."""
        return polling.parse_comparison(output)

    def list_new(self, now: str, known: Iterable[str]) -> ServerCommand:
        """`git rev-list`."""
        return ServerCommand(*polling.list_new(self._directory, now, known))

    def parse_revisions(self, output: bytes) -> tuple[str, ...]:
        """Object names, one a line."""
        return polling.parse_revisions(output)

    def log(self, wanted: Iterable[str], known: Iterable[str], limit: int) -> ServerCommand:
        """`git log --raw`."""
        return ServerCommand(*polling.log(self._directory, wanted, known, limit))

    def log_reader(self) -> LogReader:
        """Reads what `log` prints."""
        return LogParser()

    def find_file(self, revision: str, path: str) -> ServerCommand:
        """`git ls-tree`."""
        return ServerCommand(polling.find_file(self._directory, revision, path))

    def parse_found_file(self, output: bytes) -> FoundFile | None:
        """The entry of the tree."""
        return polling.parse_found_file(output)

    def print_file(self, found: FoundFile) -> ServerCommand:
        """`git cat-file blob`."""
        return ServerCommand(polling.print_file(self._directory, found.content))

    def failure(self, errors: str) -> Failure:
        """The cause, and git's own line."""
        return Failure(failure.classify(errors), failure.detail(errors))
