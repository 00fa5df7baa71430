"""Commits as `git log` prints them, read from bytes: any encoding, any control character, any file name."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from enum import Enum

from buildledger.events.change import FileChange
from buildledger.sources.commits import Commit, Person

FORMAT = "%x00".join(
    (
        "tformat:%H",
        "%P",
        "%an",
        "%ae",
        "%cn",
        "%ce",
        "%ct",
        "%(trailers:key=Co-authored-by,valueonly,unfold,separator=%x1F)",
        "%B",
        "",
    )
)
"""Of one commit: nine fields with a NUL after each, then its files. No field of a commit can hold a NUL."""

ARGUMENTS = (
    "log",
    "-z",
    "--raw",
    "--no-abbrev",
    "--no-renames",
    "--root",
    "--diff-merges=first-parent",
    "--topo-order",
    "--reverse",
    "--encoding=UTF-8",
    f"--format={FORMAT}",
)
"""Parents before their children. The files of a merge are those that it brought to its first parent's branch. A renamed
file is one deleted and one added: a rule about paths then sees both."""

FILES_KEPT = 500
"""Paths of one commit; the others are counted."""
MESSAGE_CHARACTERS = 64 << 10
NAME_CHARACTERS = 1024
CO_AUTHORS = 32

_FIELDS = FORMAT.count("%x00")
_KINDS = {b"A": "added", b"D": "deleted"}
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_LAST_SECOND = int((datetime(9999, 1, 1, tzinfo=UTC) - _EPOCH).total_seconds())


class _Expecting(Enum):
    COMMIT = 1
    FIELD = 2
    PATH = 3


class LogParser:
    """Reads the output of a log command piece by piece, keeping one commit at a time.

    Raises:
        ValueError: If it is no such output.
    """

    def __init__(self) -> None:
        self._rest = b""
        self._fields: list[bytes] = []
        self._files: list[FileChange] = []
        self._file_count = 0
        self._kind = ""
        self._expecting = _Expecting.COMMIT

    def feed(self, data: bytes) -> list[Commit]:
        """The commits that `data` completes."""
        *tokens, self._rest = (self._rest + data).split(b"\0")
        return [commit for token in tokens if (commit := self._token(token)) is not None]

    def end(self) -> list[Commit]:
        """The last commit, if there was any."""
        if self._rest.strip() or self._expecting is not _Expecting.COMMIT:
            raise ValueError("git's log ends in the middle of a commit")
        return [self._commit()] if self._fields else []

    def _token(self, token: bytes) -> Commit | None:
        done: Commit | None = None
        match self._expecting:
            case _Expecting.FIELD:
                self._fields.append(token)
                if len(self._fields) == _FIELDS:
                    self._expecting = _Expecting.COMMIT
            case _Expecting.PATH:
                self._file(token)
                self._expecting = _Expecting.COMMIT
            case _Expecting.COMMIT:
                token = token.lstrip(b"\n")
                if token.startswith(b":"):
                    self._kind = _KINDS.get(token.rsplit(b" ", 1)[-1][:1], "modified")
                    self._expecting = _Expecting.PATH
                elif token:
                    done = self._commit() if self._fields else None
                    self._fields, self._files, self._file_count = [token], [], 0
                    self._expecting = _Expecting.FIELD
        return done

    def _file(self, path: bytes) -> None:
        self._file_count += 1
        if len(self._files) < FILES_KEPT:
            self._files.append(FileChange(path=text(path), kind=self._kind))

    def _commit(self) -> Commit:
        fields = [text(field) for field in self._fields]
        revision, parents, author, author_email, committer, committer_email, seconds, co_authors, message = fields
        return Commit(
            revision=revision,
            parents=tuple(parents.split()),
            author=_person(author, author_email),
            committer=_person(committer, committer_email),
            co_authors=_co_authors(co_authors),
            committed_at=_time(seconds),
            message=message.rstrip("\n")[:MESSAGE_CHARACTERS],
            files=tuple(self._files),
            file_count=self._file_count,
        )


def text(data: bytes) -> str:
    """`data` as text that can be stored; bytes that aren't UTF-8 stand as `\\xNN`."""
    return data.decode("utf-8", "backslashreplace")


def _person(name: str, email: str) -> Person:
    return Person(name=name.strip()[:NAME_CHARACTERS], email=email.strip()[:NAME_CHARACTERS])


def _co_authors(trailers: str) -> tuple[Person, ...]:
    found: dict[Person, None] = {}
    for trailer in trailers.split("\x1f"):
        name, bracket, email = trailer.strip().removesuffix(">").rpartition("<")
        if bracket and email.strip():
            found[_person(name, email)] = None
    return tuple(found)[:CO_AUTHORS]


def _time(seconds: str) -> datetime:
    """Within what can be stored: commits may claim any time at all."""
    known = int(seconds) if seconds.isascii() and seconds.isdigit() else 0
    return _EPOCH + timedelta(seconds=min(known, _LAST_SECOND))
