"""Tree heads that somebody kept outside of the ledger's machine, read from a file."""

from __future__ import annotations

import base64
import re
from collections.abc import Collection, Sequence
from pathlib import Path

from buildledger.audit.checks import PublishedHead

NOTE = re.compile(r"(?m)^\S+\n\d+\n[A-Za-z0-9+/=]{44}\n(?:[^\n]+\n)*\n(?:\u2014 \S+ \S+(?:\n|\Z))+")
"""A signed note: its origin, its size, its root, lines of its own, and signatures."""
VERIFIER = re.compile(r"\S+\+[0-9a-f]{8}\+[A-Za-z0-9+/=]{44}")


class NoHeadError(Exception):
    """A file holds no signed tree head."""


def read_published(path: Path, verifiers: Collection[str]) -> Sequence[PublishedHead]:
    """The heads in a file, each a signed note as the server prints it when it stops, among whatever else is there.

    A head is checked with the public key that it says it was signed with: of those that stand in the file before it,
    and of `verifiers` with its name.

    Raises:
        NoHeadError: There is none, or nobody says which key it is signed with.
        OSError
    """
    text = path.read_text(errors="replace").replace("\r\n", "\n")
    heads: list[PublishedHead] = []
    for match in NOTE.finditer(text):
        note = match[0] if match[0].endswith("\n") else f"{match[0]}\n"
        said = VERIFIER.findall(text[: match.start()])
        name = note.partition("\n")[0]
        known = [*reversed(said), *(key for key in verifiers if key.partition("+")[0] == name)]
        if not known:
            raise NoHeadError(f"{path} holds a head of {name}, and no public key to check it with: give --trust")
        # servers that share a ledger have a key each, all of the same name
        signers = _key_ids(note)
        heads.append(PublishedHead(note, next((key for key in known if key.split("+")[1] in signers), known[0])))
    if not heads:
        raise NoHeadError(f"{path} holds no signed tree head")
    return heads


def _key_ids(note: str) -> set[str]:
    """The short names, in hex, of the keys that a note says it was signed with."""
    found = set()
    for line in note.partition("\n\n")[2].splitlines():
        try:
            found.add(base64.b64decode(line.split(" ")[2])[:4].hex())
        except (IndexError, ValueError):
            continue
    return found
