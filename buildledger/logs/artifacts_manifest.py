"""Directories as artifacts: a document that names every file by its digest, itself kept under its own digest.

Canonical JSON: no white space, keys and entries in a fixed order. Equal directories have equal manifests.
"""

from __future__ import annotations

import posixpath
from collections.abc import Iterable, Mapping, Sequence
from typing import Literal

import msgspec

from buildledger.logs.artifacts import ArtifactError, ArtifactStore, digest_of, read_whole

VERSION = 1
ENTRIES_MAX = 10_000
"""What a worker lists of a directory; a larger one isn't taken."""
PATH_MAX_BYTES = 4_096
PAGE_ENTRIES = 400
PAGE_BYTES = 128 * 1024
"""Of a page on the wire, where a message holds 256 KiB."""
LINKS_MAX = 40
"""What a system follows on the way to one file."""
ENTRY_BYTES = 80
"""What an entry takes on the wire besides its path: digest, size, mode and their tags."""


class ManifestError(ArtifactError):
    """A directory can't be an artifact, or what should be a manifest is none; the text says why."""


class Entry(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One thing in a directory. The order of the fields is that of the document."""

    path: str
    """Relative to the directory, `/`-separated, plain names only."""
    type: Literal["file", "directory", "link"]
    mode: int = 0
    """Permission bits of a file."""
    size: int = 0
    sha256: str = ""
    target: str = ""
    """What stands in a link."""


class Manifest(msgspec.Struct, frozen=True, kw_only=True):
    """A directory; make one with `of` or `parse`, which check it."""

    version: int = VERSION
    entries: tuple[Entry, ...]
    """In the order of the bytes of their paths."""

    @classmethod
    def of(cls, entries: Iterable[Entry]) -> Manifest:
        """A manifest of these entries, in any order.

        Raises:
            ManifestError: If they lead out of the directory or contradict each other.
        """
        made = cls(entries=tuple(sorted(entries, key=_place)))
        _check(made.entries)
        return made

    @classmethod
    def parse(cls, data: bytes) -> Manifest:
        """Read what `encode` wrote.

        Raises:
            ManifestError
        """
        try:
            made = msgspec.json.decode(data, type=cls)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            raise ManifestError(f"this is no manifest: {error}") from error
        if made.version != VERSION:
            raise ManifestError(f"the manifest has version {made.version}; this server knows {VERSION}")
        _check(made.entries)
        if made.encode() != data:
            raise ManifestError("the manifest isn't in canonical form")
        return made

    @classmethod
    def load(cls, artifacts: ArtifactStore, sha256: str) -> Manifest:
        """The manifest of that name. Blocks.

        Raises:
            FileNotFoundError
            ManifestError
        """
        return cls.parse(read_whole(artifacts, sha256))

    def encode(self) -> bytes:
        """The manifest as canonical JSON, whose digest is its name."""
        return msgspec.json.encode(self)

    @property
    def files(self) -> tuple[Entry, ...]:
        """The entries that are files, which have content."""
        return tuple(entry for entry in self.entries if entry.type == "file")

    @property
    def size_bytes(self) -> int:
        """The number of bytes of all files together."""
        return sum(entry.size for entry in self.files)

    def entry(self, path: str) -> Entry | None:
        """The entry that stands at a path, or None."""
        return next((entry for entry in self.entries if entry.path == path), None)

    def digests(self) -> set[str]:
        """The files of the store that the directory is made of."""
        return {entry.sha256 for entry in self.files} | {link_digest(e) for e in self.entries if e.type == "link"}

    def pages(self) -> tuple[tuple[Entry, ...], ...]:
        """What has to be placed, in parts that fit a message each. Directories that aren't empty come by themselves."""
        parents = {posixpath.dirname(entry.path) for entry in self.entries}
        pages: list[list[Entry]] = [[]]
        room = PAGE_BYTES
        for entry in self.entries:
            if entry.type == "directory" and entry.path in parents:
                continue
            cost = len(entry.path.encode()) + ENTRY_BYTES
            if len(pages[-1]) == PAGE_ENTRIES or cost > room:
                pages.append([])
                room = PAGE_BYTES
            pages[-1].append(entry)
            room -= cost
        return tuple(tuple(page) for page in pages)


def link_digest(entry: Entry) -> str:
    """The name of the file whose content is the target of a link."""
    return digest_of(entry.target.encode())


def _place(entry: Entry) -> bytes:
    return entry.path.encode("utf-8", "surrogatepass")


def _check(entries: Sequence[Entry]) -> None:
    """Refuse entries that contradict each other or lead out of the directory.

    Raises:
        ManifestError: They do, or there are too many.
    """
    if len(entries) > ENTRIES_MAX:
        raise ManifestError(f"a directory with more than {ENTRIES_MAX} entries can't be kept")
    known: dict[str, str] = {}
    links = {entry.path: entry.target for entry in entries if entry.type == "link"}
    previous = b""
    for entry in entries:
        _check_path(entry.path)
        place = _place(entry)
        if place <= previous:
            raise ManifestError(f"{entry.path!r} isn't in its place in the manifest")
        previous = place
        parent = posixpath.dirname(entry.path)
        while parent:
            if known.get(parent, "directory") != "directory":
                raise ManifestError(f"{entry.path!r} lies below {parent!r}, which is no directory")
            parent = posixpath.dirname(parent)
        known[entry.path] = entry.type
        if entry.type == "link":
            _check_link(entry, links)
        if entry.type == "file" and (len(entry.sha256) != 64 or not entry.sha256.isalnum()):
            raise ManifestError(f"{entry.path!r} has no digest")


def _check_path(path: str) -> None:
    try:
        size = len(path.encode())
    except UnicodeEncodeError:
        raise ManifestError(f"the name {path!r} isn't UTF-8: a directory with it can't be kept") from None
    parts = path.split("/")
    if size > PATH_MAX_BYTES or "\0" in path or any(part in ("", ".", "..") for part in parts):
        raise ManifestError(f"{path[:200]!r} is no path inside of a directory")


def _check_link(entry: Entry, links: Mapping[str, str]) -> None:
    """A link may point to anything inside of the artifact, also to what isn't there."""
    target = entry.target
    try:
        target.encode()
    except UnicodeEncodeError:
        raise ManifestError(f"the link {entry.path!r} points to a name that isn't UTF-8") from None
    if not target or "\0" in target or _leaves(posixpath.dirname(entry.path), target, links):
        raise ManifestError(f"the link {entry.path!r} leads out of the directory, to {target[:200]!r}")


def _leaves(directory: str, target: str, links: Mapping[str, str]) -> bool:
    """Whether a link's target leads out, with the links of the artifact followed on the way as a system follows them.

    By its text alone `x/y/up/../../etc` may stay inside, and not where `x/y/up` is a link to a directory further up.
    """
    reached = directory.split("/") if directory else []
    ahead, followed = target.split("/"), 0
    if target.startswith("/"):
        return True
    while ahead:
        name = ahead.pop(0)
        if name in ("", "."):
            continue
        if name == "..":
            if not reached:
                return True
            reached.pop()
            continue
        reached.append(name)
        further = links.get("/".join(reached))
        if further is None:
            continue
        followed += 1
        if further.startswith("/"):
            return True
        if followed > LINKS_MAX:
            return False  # a circle: it leads nowhere
        reached.pop()
        ahead = [*further.split("/"), *ahead]
    return False
