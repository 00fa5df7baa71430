"""Checkouts: the command lines that bring a clone to a revision, in every mode.

Each function gives one command to start in the clone; `checkout_run.py` puts them in order and reads the answers.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Literal

import msgspec

from buildledger.sources import paths
from buildledger.sources.git import address, command, names

HEAD_REF = "refs/buildledger/head"
"""What is to be checked out, in the clone. One name for all branches: no branch can stand in another one's way."""

COPY_SOURCES = ".buildledger/source"
"""Where clones are kept whose files are copied to the place they are built in."""


class Finding(StrEnum):
    """What `set_origin` finds in a clone that a checkout can't be made in as it is."""

    SHALLOW = "history: cut off"
    """A checkout with `depth` made it, or its far end is shallow."""
    UNKNOWN_FILES = "index: missing or told not to look"
    """What earlier files there are isn't known, or git was told to leave some of them as they are."""
    OTHER_FILTER = "large files: otherwise"
    """Large files stand there and their pointers are wanted, or the other way round."""
    CHANGED_SUBMODULE = "submodule: told not to look"
    """In one of the submodules git was told to leave files as they are."""
    LED_ELSEWHERE = "configuration: leads elsewhere"
    """A build has put into it what other addresses, ignored files or attributes count."""


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
    """Make an empty clone in a directory that is there, or leave alone the one that it holds."""
    known = "sha256" if checkout.revision and len(checkout.revision) == SHA256_CHARACTERS else None
    chosen = object_format or known
    shape = (f"--object-format={chosen}",) if chosen else ()
    return command.git("init", "--quiet", "--template=", "--initial-branch=main", *shape)


def set_origin(checkout: Checkout) -> tuple[str, ...]:
    """Have the clone's `origin` be the far end, and print what is wrong with the clone, for `findings`.

    Scripts ask for `origin`, and relative addresses of submodules follow it. Fails with `failure.is_missing_clone` if
    there is no clone, with `failure.lacks_origin` if it has no such remote.
    """
    arguments = (
        "set-origin",
        checkout.address.url,
        *(str(each).lower() for each in (checkout.lfs, checkout.submodules)),
    )
    return command.in_clone("-c", f"alias.set-origin=!f() {{ {_SET_ORIGIN}\n}}; f", *arguments)


def findings(output: str) -> frozenset[Finding]:
    """What `set_origin` printed."""
    return frozenset(Finding(line) for line in output.splitlines() if line in set(Finding))


def read_tree() -> tuple[str, ...]:
    """Have the index say that the clone is at HEAD and that no file is known to be right: all are written again.

    Fails with `failure.has_no_head` if no checkout has come to its end here.
    """
    return command.in_clone("read-tree", "HEAD")


def remember_filter(checkout: Checkout) -> tuple[str, ...]:
    """Note in the clone whether large files are brought into it."""
    return command.in_clone("config", _LFS_NOTE, str(checkout.lfs).lower())


def remove_unknown(*, dry_run: bool = False) -> tuple[str, ...]:
    """Remove all that the clone's index doesn't know, but no other source's clone; `dry_run` as in `clean`."""
    flags = (*(("--dry-run",) if dry_run else ()), "-ffdx", "--exclude=/.buildledger/")
    return command.in_clone("clean", *flags)


def add_origin(checkout: Checkout) -> tuple[str, ...]:
    """Name the far end in a clone that has no `origin`. Fails with `failure.has_origin` if it has."""
    return command.in_clone("remote", "add", "origin", checkout.address.url)


def fetch(checkout: Checkout, *, whole_branch: bool = False, unshallow: bool = False) -> tuple[str, ...]:
    """Bring what is to be checked out under HEAD_REF; `unshallow` with the history that an earlier depth left out."""
    depth = checkout.depth if not whole_branch else None
    wanted = checkout.fallback if whole_branch else checkout.reference
    return command.in_clone(
        "fetch",
        "--no-recurse-submodules",
        *((f"--depth={depth}", "--no-tags") if depth else ()),
        *(("--unshallow",) if unshallow else ()),
        # a far end that is shallow itself gives what it has
        *(() if depth else ("--update-shallow",)),
        *((f"--filter={checkout.filter}",) if checkout.filter else ()),
        *command.serving(checkout.address),
        "--end-of-options",
        checkout.address.url,
        f"+{wanted}:{HEAD_REF}",
    )


def resolve() -> tuple[str, ...]:
    """Print the object name of the commit that was fetched."""
    return command.in_clone("rev-parse", "--verify", "--end-of-options", f"{HEAD_REF}^{{commit}}")


def switch(checkout: Checkout, revision: str) -> tuple[str, ...]:
    """Make the files those of `revision`, an object name; whatever is in the way is overwritten."""
    assert names.is_object_name(revision), "only whole object names are checked out"
    return command.in_clone(*_filters(checkout), "checkout", "--force", "--detach", revision)


def clean(checkout: Checkout, *, dry_run: bool = False) -> tuple[str, ...] | None:
    """Remove what git doesn't know: all of it, or all but what the revision says to ignore; None: nothing.

    Comes after the checkout: what is ignored is then judged by the revision that is to be built. With `dry_run` it only
    says what it would remove, for `failure.would_remove`.
    """
    flags = _CLEANING.get(checkout.method)
    if flags is None:
        return None
    return command.in_clone("clean", *(("--dry-run",) if dry_run else ()), flags)


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
    return tuple(command.in_clone(*_filters(checkout), *arguments) for arguments in commands)


def clean_submodules(checkout: Checkout) -> tuple[str, ...] | None:
    """Remove in all submodules what git doesn't know, as `clean` does in the clone; None: nothing."""
    flags = _CLEANING.get(checkout.method)
    if flags is None:
        return None
    return command.in_clone("submodule", "--quiet", "foreach", "--recursive", "git", "clean", flags)


def say_version() -> tuple[str, ...]:
    """Nothing but a sign that git can be started."""
    return command.git("version")


def pause(seconds: int) -> tuple[str, ...]:
    """Wait, with nothing but git: its own shell is there wherever git is, on Windows too."""
    return command.git("-c", f"alias.pause=!sleep {seconds:d}", "pause")


_LFS_NOTE = "buildledger.lfs"
_FLAGGED = 'git ls-files -v | grep -q "^[a-zS]"'
"""Files that git was told to take for unchanged, or to leave out."""
_SET_ORIGIN = f"""git remote set-url origin "$1" || exit
test "$(git rev-parse --is-shallow-repository)" != true || echo "{Finding.SHALLOW}"
if ! test -f .git/index || {_FLAGGED}; then echo "{Finding.UNKNOWN_FILES}"; fi
test "$(git config --default false {_LFS_NOTE})" = "$2" || echo "{Finding.OTHER_FILTER}"
if test -s .git/info/attributes || test -s .git/info/exclude ||
  git config --local --get-regexp "^(url|include|includeif)[.]|^submodule[.](.*[.])?active$" |
  grep -qv "^submodule[.].*[.]active true$"; then echo "{Finding.LED_ELSEWHERE}"; fi
test "$3" = false ||
  git submodule --quiet foreach --recursive '! {_FLAGGED} || echo "{Finding.CHANGED_SUBMODULE}"'
:"""
"""One command, because all of it comes before every fetch. Its own shell is there wherever git is, on Windows too."""

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
