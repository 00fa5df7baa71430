"""Change sources: pollers of git say how often a source is polled; the others have their own counterpart, or none."""

from __future__ import annotations

from buildledger.config.convert.buildbot.account import Entry, Kind, UnsayableError
from buildledger.config.convert.buildbot.described import Function, Thing
from buildledger.config.convert.buildbot.site import Site, items, remark_unknown
from buildledger.config.fields import spelling

_LATER = {
    "HgPoller": "sources of Mercurial come with a later version",
    "SVNPoller": "sources of Subversion come with a later version",
    "P4Source": "sources of Perforce come with a later version",
    "BzrPoller": "sources of Bazaar come with a later version",
    "BitbucketPullrequestPoller": "pull requests come with the trigger `pull_request` of a later version",
    "GitHubPullrequestPoller": "pull requests come with the trigger `pull_request` of a later version",
    "GerritChangeSource": "Gerrit comes with a later version",
    "GerritEventLogPoller": "Gerrit comes with a later version",
    "MaildirSource": "changes by mail have no counterpart",
}
_KNOWN = frozenset(
    {"name", "repourl", "branch", "branches", "pollInterval", "pollinterval", "category", "project"}
    | {"workdir", "gitbin", "encoding", "usetimestamps", "pollAtLaunch"}
)
"""Of `GitPoller`: what becomes a key or a note, and what only says how Buildbot's own copy is kept."""
_INSTEAD = "have the repository's hook hand commits in by `POST /api/v1/sources/NAME/changes`"


def convert(site: Site) -> None:
    """Convert all of them; polled repositories are in `site.sources` then."""
    for thing in site.extracted.change_sources:
        cls = site.extracted.class_of(thing)
        name = str(thing.attributes.get("name") or cls.name)
        entry = site.account.entry(Kind.CHANGE_SOURCES, (cls.name, name), f"{cls.name} '{name}'", thing.place)
        try:
            _convert(site, thing, entry)
        except UnsayableError as error:
            entry.refuse(error.why, error.instead)


def _convert(site: Site, thing: Thing, entry: Entry) -> None:
    cls = site.extracted.class_of(thing)
    if "GitPoller" in cls.bases:
        _git(site, thing, entry)
    elif "PBChangeSource" in cls.bases:
        entry.note(
            "",
            "commits are handed in over HTTP, not by `buildbot sendchange`",
            "call `POST /api/v1/sources/NAME/changes`, which any source takes",
        )
    elif (known := site.extracted.base_among(thing, _LATER)) is not None:
        raise UnsayableError(_LATER[known], _INSTEAD)
    else:
        raise UnsayableError(f"a change source of the class {cls.name} has no counterpart", _INSTEAD)


def _git(site: Site, thing: Thing, entry: Entry) -> None:
    get = thing.arguments.get
    address = get("repourl", thing.attributes.get("repourl"))
    if not isinstance(address, str):
        raise UnsayableError("its address isn't fixed text", "declare the source by hand")
    declared = site.sources.declared[site.sources.of(address, thing.place)]
    interval = get("pollInterval", get("pollinterval", 600))
    declared["poll"] = spelling.duration(max(1.0, float(interval))) if isinstance(interval, int | float) else "10m"
    branches = get("branches", get("branch"))
    if isinstance(branches, Function):
        entry.note("branches", f"they are chosen by the function '{branches.name}'", "say them by patterns")
    elif isinstance(branches, bool):
        pass
    elif names := [each for each in items(branches) if isinstance(each, str)]:
        declared["branches"] = [each.removeprefix("refs/heads/") for each in names]
    for key in ("category", "project"):
        if get(key):
            entry.note(key, f"changes have no {key} here", "a trigger names the source instead")
    remark_unknown(thing, entry, _KNOWN, "a source")
