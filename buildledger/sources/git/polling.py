"""Polling: the command lines that follow a repository in a bare mirror, and what they print.

Every function gives an argument list (and standard input where names or many revisions go in);
`mirror.py` offers them to the server. Only whole object names that git itself printed are ever given back to it.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable, Mapping
from typing import Literal

from buildledger.sources.git import command, history, names
from buildledger.sources.git.address import Address
from buildledger.sources.port import Comparison, FoundFile, LookedUp, RemoteNames

HEADS = "refs/heads/"
TAGS = "refs/tags/"
LINK_MODE = "120000"
PEELED = "^{}"
"""Behind an annotated tag's name: what it leads to."""
_BEGINNING = re.compile(r"[0-9a-f]{4,64}")
"""Of an object name: git takes no shorter one."""


def list_remote_heads(address: Address) -> tuple[str, ...]:
    """Print the far end's branches, with no repository at hand: not even one that this process may stand in."""
    return _in_mirror(os.devnull, "ls-remote", "--heads", *command.serving(address), "--end-of-options", address.url)


def find_default_branch(address: Address) -> tuple[str, ...]:
    """Print where the far end's HEAD points."""
    return _in_mirror(
        os.devnull, "ls-remote", "--symref", *command.serving(address), "--end-of-options", address.url, "HEAD"
    )


def list_remote_names(address: Address) -> tuple[str, ...]:
    """Print the far end's branches and tags, annotated ones also with what they lead to."""
    asking = ("ls-remote", "--heads", "--tags", *command.serving(address), "--end-of-options", address.url)
    return _in_mirror(os.devnull, *asking)


def look_up(mirror: str, beginning: str) -> tuple[tuple[str, ...], bytes] | None:
    """Print the commit whose name is or begins like this, then whether that could be several; None if none can."""
    folded = beginning.lower()
    if not _BEGINNING.fullmatch(folded):
        return None
    return _in_mirror(mirror, "cat-file", "--batch-check=%(objectname)"), f"{folded}^{{commit}}\n{folded}\n".encode()


def fetch_revision(address: Address, mirror: str, revision: str) -> tuple[str, ...]:
    """Bring one commit that no branch of the mirror leads to."""
    fetching = ("fetch", "--quiet", "--no-tags", "--no-recurse-submodules", "--update-shallow", "--no-write-fetch-head")
    return _in_mirror(mirror, *fetching, *command.serving(address), "--end-of-options", address.url, _whole(revision))


def init(mirror: str, object_format: str) -> tuple[str, ...]:
    """Make an empty mirror."""
    shape = () if object_format == "sha1" else (f"--object-format={object_format}",)
    return command.git("init", "--quiet", "--bare", "--template=", "--initial-branch=main", *shape, mirror)


def fetch(address: Address, mirror: str) -> tuple[str, ...]:
    """Make the mirror's branches those of the far end."""
    return _in_mirror(
        mirror,
        "fetch",
        # what it prints meanwhile shows that the far end is still there
        "--progress",
        "--prune",
        "--no-tags",
        "--no-recurse-submodules",
        # else the branches of a repository that is a shallow copy itself are left out, without an error
        "--update-shallow",
        *command.serving(address),
        "--end-of-options",
        address.url,
        f"+{HEADS}*:{HEADS}*",
    )


def list_heads(mirror: str) -> tuple[str, ...]:
    """Print the mirror's branches, in the form of `list_remote_heads`."""
    return _in_mirror(mirror, "for-each-ref", "--format=%(objectname)\t%(refname)", HEADS)


def compare(mirror: str, before: str, now: str) -> tuple[str, ...]:
    """Print what lies on either side of two revisions; nothing at all if the earlier one has been lost."""
    range_ = f"{_whole(before)}...{_whole(now)}"
    return _in_mirror(mirror, *_REV_LIST, "--left-right", range_, "--")


def list_new(mirror: str, now: str, known: Iterable[str]) -> tuple[tuple[str, ...], bytes]:
    """Print what `now` has and no revision of `known` has; with the standard input for it."""
    return _in_mirror(mirror, *_REV_LIST, "--stdin"), _revisions((now,), known)


def log(mirror: str, wanted: Iterable[str], known: Iterable[str], limit: int) -> tuple[tuple[str, ...], bytes]:
    """Print the newest `limit` commits that `wanted` have and no revision of `known` has, for `history.LogParser`."""
    arguments = (*history.ARGUMENTS, "--ignore-missing", f"--max-count={limit:d}", "--stdin")
    return _in_mirror(mirror, *arguments), _revisions(wanted, known)


def parse_heads(output: bytes) -> dict[str, str]:
    """Branch → revision.

    Raises:
        ValueError: If it is no list of branches.
    """
    heads = {}
    for line in output.splitlines():
        revision, _, reference = history.text(line).partition("\t")
        if not names.is_object_name(revision):
            raise ValueError(f"git lists a branch without a revision: {line[:80]!r}")
        if reference.startswith(HEADS):
            heads[reference.removeprefix(HEADS)] = revision
    return heads


def parse_remote_names(output: bytes) -> RemoteNames:
    """Branches and tags, each with its commit."""
    branches, tags = {}, {}
    for line in output.splitlines():
        revision, _, reference = history.text(line).partition("\t")
        if reference.startswith(HEADS):
            branches[reference.removeprefix(HEADS)] = revision
        elif reference.startswith(TAGS):
            # what an annotated tag leads to is printed after it
            tags[reference.removeprefix(TAGS).removesuffix(PEELED)] = revision
    return RemoteNames(branches=branches, tags=tags)


def parse_look_up(output: bytes) -> LookedUp:
    """The commit, if there is exactly one."""
    commit, _, beginning = output.decode(errors="replace").strip().partition("\n")
    return LookedUp(commit if names.is_object_name(commit) else None, beginning.endswith(" ambiguous"))


def parse_default_branch(output: bytes) -> str | None:
    """The branch that HEAD is; None if it is none, or one that isn't there."""
    for line in output.splitlines():
        target, _, reference = history.text(line).partition("\t")
        if reference == "HEAD" and target.startswith(f"ref: {HEADS}"):
            return target.removeprefix(f"ref: {HEADS}")
    return None


def parse_comparison(output: bytes) -> Comparison | None:
    """What `compare` printed; None if the earlier revision isn't there any more."""
    lines = output.decode().split()
    if not lines:
        return None
    new = tuple(line[1:] for line in lines if line.startswith(">"))
    return Comparison(forced=len(new) < len(lines), new=new)


def parse_revisions(output: bytes) -> tuple[str, ...]:
    """What `list_new` printed."""
    return tuple(output.decode().split())


def object_format(heads: Mapping[str, str]) -> str:
    """`sha1` or `sha256`, by the length of the object names."""
    return "sha256" if any(len(revision) == SHA256_CHARACTERS for revision in heads.values()) else "sha1"


SHA256_CHARACTERS = 64
_REV_LIST = ("rev-list", "--topo-order", "--reverse", "--ignore-missing")


def find_file(mirror: str, revision: str, path: str) -> tuple[str, ...]:
    """Print the entry that a commit's tree has at a path; a path is no pattern here, and no link is followed."""
    return _in_mirror(mirror, "ls-tree", "-l", "-z", "--full-tree", _whole(revision), "--", path)


def parse_found_file(output: bytes) -> FoundFile | None:
    """What `find_file` printed: mode, type, object name, size, tab, path, NUL."""
    if not output:
        return None
    mode, kind, content, size = output.partition(b"\t")[0].decode("ascii").split()
    kinds: dict[str, Literal["directory", "submodule"]] = {"tree": "directory", "commit": "submodule"}
    if kind != "blob":
        return FoundFile(kind=kinds[kind], size_bytes=0, content=content)
    return FoundFile(kind="link" if mode == LINK_MODE else "file", size_bytes=int(size), content=content)


def print_file(mirror: str, content: str) -> tuple[str, ...]:
    """Print a blob as it is stored, without filters."""
    return _in_mirror(mirror, "cat-file", "blob", _whole(content))


def _in_mirror(mirror: str, *arguments: str) -> tuple[str, ...]:
    return command.git(f"--git-dir={mirror}", *arguments)


def _revisions(wanted: Iterable[str], known: Iterable[str]) -> bytes:
    lines = [*(_whole(revision) for revision in wanted), *(f"^{_whole(revision)}" for revision in known)]
    return "".join(f"{line}\n" for line in lines).encode()


def _whole(revision: str) -> str:
    assert names.is_object_name(revision), "only whole object names are given to git"
    return revision
