"""Steps that bring a source: `Git`, and those that have to wait for their version-control system."""

from __future__ import annotations

from buildledger.config.convert.buildbot.account import UnsayableError
from buildledger.config.convert.buildbot.described import Value
from buildledger.config.convert.buildbot.fixed import fixed
from buildledger.config.convert.buildbot.steps.step import Keys, OldStep, common, directory, timeout

_METHODS = frozenset({"clobber", "fresh", "clean", "copy"})
_LATER = {
    "SVN": "Subversion",
    "Mercurial": "Mercurial",
    "CVS": "CVS",
    "Bzr": "Bazaar",
    "Darcs": "Darcs",
    "P4": "Perforce",
    "Monotone": "Monotone",
    "Repo": "repo",
}
LATER = tuple(_LATER)


def git(old: OldStep) -> list[Keys]:
    """`Git`, `GitHub`, `GitLab`, `Gerrit`."""
    address = _address(old)
    sources = old.context.site.sources
    source = sources.of(address, old.step.place)
    codebase = old.text("codebase") or ""
    old.context.codebases[codebase] = source
    old.context.source = address
    branch = old.attribute("branch")
    if branch is not None and not isinstance(branch, str):
        branch = _branch(old, branch)
    if isinstance(branch, str) and branch not in ("HEAD", ""):
        sources.default_branch(source, branch, old.step.place)
    step: Keys = common(old) | {"checkout": source} | directory(old, "into")
    step |= _mode(old) | _history(old) | timeout(old)
    _remark(old)
    return [step]


def _address(old: OldStep) -> str:
    """Where its repository is: said, or what the properties in it come to in this configuration."""
    said = old.attribute("repourl")
    address = fixed(said, old.context.constant)
    if not address:
        raise UnsayableError(
            "the address of its repository is made when it runs", "declare each repository as a source of its own"
        )
    if address != said:
        old.entry.note(
            "repourl",
            f"it is made of properties, and here it is what they come to: {address}",
            "declare each other repository that it was asked for as a source, with a builder that checks it out",
        )
    return address


def _branch(old: OldStep, said: Value) -> str | None:
    """What is built when nobody names a branch, if it is known: of properties what stands for those that aren't set."""
    branch = fixed(said, old.context.constant)
    if not branch:
        old.entry.note("branch", "the branch comes from what asked for the build", "give the source a default_branch")
    return branch


def _mode(old: OldStep) -> Keys:
    if old.attribute("mode") != "full":
        return {}
    method = old.attribute("method")
    return {"mode": "full"} | ({"method": method} if isinstance(method, str) and method in _METHODS else {})


def _history(old: OldStep) -> Keys:
    keys: Keys = {}
    shallow = old.attribute("shallow")
    if shallow is True or (isinstance(shallow, int) and shallow > 0):
        keys["depth"] = int(shallow)
    if old.attribute("submodules") is True:
        keys["submodules"] = True
    filters = old.attribute("filters")
    if filters is not None:
        given = [str(each) for each in getattr(filters, "items", [])]
        if len(given) == 1 and given[0] in ("blob:none", "tree:0"):
            keys["filter"] = given[0]
        else:
            old.entry.note("filters", "a checkout has one filter: blob:none, tree:0 or blob:limit=…", "choose one")
    return keys


def _remark(old: OldStep) -> None:
    note = old.entry.note
    if old.attribute("alwaysUseLatest") is True:
        note("alwaysUseLatest", "a build checks out the revision that it was asked for", "")
    if old.attribute("getDescription") not in (False, None):
        note(
            "getDescription",
            "no property `commit-description` is set",
            "add `set_property` with `run: [git, describe]`",
        )
    for name in ("sshPrivateKey", "sshHostKey", "sshKnownHosts", "auth_credentials"):
        if old.attribute(name) is not None:
            note(name, "git uses the keys and known hosts of the worker's account", "put them there")
    for name in ("reference", "origin", "config", "tags", "remoteSubmodules"):
        if old.attribute(name) not in (None, False):
            note(name, "git's options beyond mode, depth, filter and submodules aren't chosen by the step")


def later(old: OldStep) -> list[Keys]:
    """A system that this version doesn't have."""
    name = next(base for base in old.cls.bases if base in _LATER)
    raise UnsayableError(
        f"{_LATER[name]} isn't part of this version: its sources come with a later one",
        f"until then, have a `script` bring what it brings from {old.text('repourl') or 'its repository'}",
    )
