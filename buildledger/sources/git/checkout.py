"""Checkouts: the command lines that bring a clone to a revision, in every mode.

Each function gives one command for the build's directory; `checkout_run.py` puts them in order and reads the answers.
"""

from __future__ import annotations

from typing import Literal

import msgspec

from buildledger.sources import paths
from buildledger.sources.git import address, command, names

HEAD_REF = "refs/buildledger/head"
"""What is to be checked out, in the clone. One name for all branches: no branch can stand in another one's way."""

COPY_SOURCES = ".buildledger/source"
"""Where clones are kept whose files are copied to the place they are built in."""


class Checkout(msgspec.Struct, frozen=True, kw_only=True):
    """What to check out, and how. Make one with `plan`, which checks everything."""

    address: address.Address
    reference: str
    """What to ask the far end for: an object name, a full name of a reference, or a tag's or branch's name."""
    fallback: str
    """The reference that holds the revision, for servers that give out no single revisions."""
    revision: str | None
    """The object name, if it is known beforehand."""
    into: str
    """Where the files shall be."""
    clone: str
    """Where git works: `into`, except when files are copied."""
    method: Literal["clobber", "fresh", "clean", "copy"] | None = None
    """None: incremental."""
    filter: str | None = None
    depth: int | None = None
    submodules: bool = False
    lfs: bool = False


def plan(
    *,
    url: str,
    branch: str,
    revision: str | None,
    source: str,
    into: str = ".",
    method: Literal["clobber", "fresh", "clean", "copy"] | None = None,
    filter: str | None = None,  # noqa: A002 - git's own word
    depth: int | None = None,
    submodules: bool = False,
    lfs: bool = False,
) -> Checkout:
    """A checkout of things that git can't misunderstand.

    Raises:
        RefusedAddressError
        RefusedNameError
        UnsafePathError
    """
    head = _reference(branch)
    wanted = names.revision(revision) if revision else None
    place = paths.relative(into)
    if method == "copy" and place == ".":
        raise paths.UnsafePathError(into, "a copy needs a directory of its own: give one with 'into'")
    return Checkout(
        address=address.parse(url),
        reference=wanted or head,
        fallback=head,
        revision=wanted if wanted and names.is_object_name(wanted) else None,
        into=place,
        clone=f"{COPY_SOURCES}/{paths.relative(source)}" if method == "copy" else place,
        method=method,
        filter=filter,
        depth=depth,
        submodules=submodules,
        lfs=lfs,
    )


def environment(checkout: Checkout) -> dict[str, str]:
    """The variables of all commands of this checkout."""
    return command.environment(checkout.address) | {"GIT_LFS_SKIP_SMUDGE": "0" if checkout.lfs else "1"}


def init(checkout: Checkout, object_format: str | None) -> tuple[str, ...]:
    """Make an empty clone, or leave alone what is there."""
    known = "sha256" if checkout.revision and len(checkout.revision) == SHA256_CHARACTERS else None
    chosen = object_format or known
    shape = (f"--object-format={chosen}",) if chosen else ()
    return command.git("init", "--quiet", "--template=", "--initial-branch=main", *shape, checkout.clone)


def set_origin(checkout: Checkout) -> tuple[str, ...]:
    """Have the clone's `origin` be the far end, for scripts that ask for it and for relative addresses of submodules.

    Fails with `failure.is_missing_clone` if there is no clone, with `failure.lacks_origin` if it has no such remote.
    """
    return command.in_clone(checkout.clone, "remote", "set-url", "origin", checkout.address.url)


def add_origin(checkout: Checkout) -> tuple[str, ...]:
    """Name the far end in a clone that has no `origin`. Fails with `failure.has_origin` if it has."""
    return command.in_clone(checkout.clone, "remote", "add", "origin", checkout.address.url)


def fetch(checkout: Checkout, *, whole_branch: bool = False) -> tuple[str, ...]:
    """Bring what is to be checked out under HEAD_REF."""
    depth = checkout.depth if not whole_branch else None
    wanted = checkout.fallback if whole_branch else checkout.reference
    return command.in_clone(
        checkout.clone,
        "fetch",
        "--no-recurse-submodules",
        *((f"--depth={depth}", "--no-tags") if depth else ()),
        *((f"--filter={checkout.filter}",) if checkout.filter else ()),
        *command.serving(checkout.address),
        "--end-of-options",
        checkout.address.url,
        f"+{wanted}:{HEAD_REF}",
    )


def resolve(checkout: Checkout) -> tuple[str, ...]:
    """Print the object name of the commit that was fetched."""
    return command.in_clone(checkout.clone, "rev-parse", "--verify", "--end-of-options", f"{HEAD_REF}^{{commit}}")


def switch(checkout: Checkout, revision: str) -> tuple[str, ...]:
    """Make the files those of `revision`, an object name; whatever is in the way is overwritten."""
    assert names.is_object_name(revision), "only whole object names are checked out"
    return command.in_clone(checkout.clone, *_filters(checkout), "checkout", "--force", "--detach", revision)


def clean(checkout: Checkout, *, dry_run: bool = False) -> tuple[str, ...] | None:
    """Remove what git doesn't know: all of it, or all but what the revision says to ignore; None: nothing.

    Comes after the checkout: what is ignored is then judged by the revision that is to be built. With `dry_run` it only
    says what it would remove, for `failure.would_remove`.
    """
    flags = _CLEANING.get(checkout.method)
    if flags is None:
        return None
    return command.in_clone(checkout.clone, "clean", *(("--dry-run",) if dry_run else ()), flags)


def update_submodules(checkout: Checkout) -> tuple[tuple[str, ...], ...]:
    """The commands that make submodules what the revision says, one after the other.

    The addresses of nested ones are those of the revision that their parents are at, so after a failure of the second
    command both may lead further when they are given again.
    """
    depth = (f"--depth={checkout.depth}",) if checkout.depth else ()
    commands = (
        ("submodule", "--quiet", "sync", "--recursive"),
        ("submodule", "update", "--init", "--recursive", "--force", *depth),
    )
    return tuple(command.in_clone(checkout.clone, *_filters(checkout), *arguments) for arguments in commands)


def clean_submodules(checkout: Checkout) -> tuple[str, ...] | None:
    """Remove in all submodules what git doesn't know, as `clean` does in the clone; None: nothing."""
    flags = _CLEANING.get(checkout.method)
    if flags is None:
        return None
    return command.in_clone(checkout.clone, "submodule", "--quiet", "foreach", "--recursive", "git", "clean", flags)


def pause(seconds: int) -> tuple[str, ...]:
    """Wait, with nothing but git: its own shell is there wherever git is, on Windows too."""
    return command.git("-c", f"alias.pause=!sleep {seconds:d}", "pause")


SHA256_CHARACTERS = 64
_CLEANING: dict[str | None, str] = {"fresh": "-ffdx", "clean": "-ffd", "copy": "-ffdx"}
"""Flags of `git clean`, by method: a clone whose files are copied holds nothing else."""

_LFS = ("-c", "filter.lfs.process=git-lfs filter-process", "-c", "filter.lfs.required=true")
"""The checkout itself has git-lfs bring the files, many at a time; without git-lfs it fails, and says so."""


def _filters(checkout: Checkout) -> tuple[str, ...]:
    return _LFS if checkout.lfs else ()


def _reference(branch: str) -> str:
    if branch in ("", "HEAD"):
        return "HEAD"
    checked = names.branch(branch)
    return checked if checked.startswith("refs/") else f"refs/heads/{checked}"
