"""Commits as every system tells them: who, when, what about, and which files."""

from __future__ import annotations

from datetime import datetime

import msgspec

from buildledger.events.change import FileChange


class Person(msgspec.Struct, frozen=True, kw_only=True):
    """A name and an address, as somebody configured their tool."""

    name: str
    email: str
    """Empty where the system knows user names only."""

    @property
    def text(self) -> str:
        """As git writes it: `Jane Doe <jane@acme.example>`."""
        return f"{self.name} <{self.email}>"


class Commit(msgspec.Struct, frozen=True, kw_only=True):
    """A commit and what it touched."""

    revision: str
    parents: tuple[str, ...]
    author: Person
    committer: Person
    co_authors: tuple[Person, ...]
    committed_at: datetime
    message: str
    """Bytes that aren't UTF-8, after the system's own conversion, stand as `\\\\xNN`."""
    files: tuple[FileChange, ...]
    """The first so many of them, by path."""
    file_count: int
