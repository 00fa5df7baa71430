"""Schedulers that build what was committed → change triggers, one for each repository."""

from __future__ import annotations

from buildledger.config.convert.buildbot import branch_patterns, described, values
from buildledger.config.convert.buildbot.account import UnsayableError
from buildledger.config.convert.buildbot.described import Thing, Value
from buildledger.config.convert.buildbot.site import entries, items
from buildledger.config.convert.buildbot.triggers.trigger import Keys, NewTrigger, OldScheduler
from buildledger.config.fields import spelling

_FUNCTIONS = ("filter_fn", "branch_fn", "project_fn", "repository_fn", "category_fn", "codebase_fn")
_FOLLOWED = frozenset({"branch", "branch_in", "branch_re", "branch_not_in", "branch_not_eq", "repository"})
"""What of a filter becomes `branches` and `source`."""


def change(old: OldScheduler) -> list[NewTrigger]:
    """`SingleBranchScheduler`, `AnyBranchScheduler` and their ancestors."""
    builders, branches = old.builders(), _branches(old)
    _remark_filter(old)
    _remark_important(old)
    old.remark_properties()
    sources = _sources(old, builders)
    if not sources:
        raise UnsayableError(
            "its builders check out no repository that is known here", "add a source, and name it in the trigger"
        )
    made = []
    for index, source in enumerate(sources):
        keys: Keys = {"on": "change", "name": old.name if not index else f"{old.name}-{source}", "source": source}
        if branches != ["**"]:
            keys["branches"] = branches
        if isinstance(settle := old.argument("treeStableTimer"), int | float) and settle > 0:
            keys["settle"] = spelling.duration(settle)
        build = [each for each in builders if source in old.sources_of(each)] or builders
        made.append(NewTrigger({**keys, "build": build}))
    return made


def _branches(old: OldScheduler) -> list[str]:
    """Patterns of the branches that are built; `**` for all."""
    found: list[str] = []
    filtered = old.argument("change_filter")
    named = [old.argument("branch"), old.argument("branches")]
    if isinstance(filtered, Thing):
        named += [filtered.arguments.get(key) for key in ("branch", "branch_in")]
        if excluded := items(filtered.arguments.get("branch_not_in")) + items(filtered.arguments.get("branch_not_eq")):
            found += ["**", *(f"!{each}" for each in excluded if isinstance(each, str))]
        for regex in items(filtered.arguments.get("branch_re")):
            found += branch_patterns.patterns(regex.pattern if isinstance(regex, described.Regex) else str(regex))
    if any(_is_default_branch(each) for each in (old.thing, filtered)):
        found += _default_branches(old)
    for value in named:
        found += [each for each in items(value) if isinstance(each, str)]
    return list(dict.fromkeys(found)) or ["**"]


def _is_default_branch(value: Value) -> bool:
    """Whether `branch=None` was said: the default branch, and not any."""
    return isinstance(value, Thing) and "branch" in value.arguments and value.arguments["branch"] is None


def _default_branches(old: OldScheduler) -> list[str]:
    """The default branches of the sources it builds for, as far as they are said."""
    named = [old.site.sources.declared[each].get("default_branch") for each in _sources(old, old.builders())]
    if not named or None in named:
        old.entry.note(
            "branch None",
            "it built the default branch alone, which is nowhere named: it builds every branch",
            "name it: `branches: [main]`",
        )
        return []
    return [str(each) for each in named]


def _remark_filter(old: OldScheduler) -> None:
    filtered = old.argument("change_filter")
    if not isinstance(filtered, Thing):
        return
    for key in _FUNCTIONS:
        if isinstance(value := filtered.arguments.get(key), described.Function):
            why = f"the filter is the function '{value.name}'{values.where(value.place)}"
            if key in ("filter_fn", "branch_fn"):
                raise UnsayableError(why, "say it by `branches`, or by the builders' `when`")
            old.entry.note(key, why, "say it by the builders' `when`")
    for key, value in filtered.arguments.items():
        of = key.partition("_")[0]
        if key in _FUNCTIONS or key in _FOLLOWED or value in (None, "") or value == described.ListOf([]):
            continue
        if of in ("project", "category", "codebase"):
            instead = "a source has one repository: its triggers see nothing else"
            old.entry.note(key, f"changes have no {of} here", instead)
        elif of == "repository":
            old.entry.note(key, "it builds for each source that its builders check out", "take triggers out")
        else:
            old.entry.note(key, "changes aren't chosen by it: it builds for all", "say it by the builders' `when`")


def _remark_important(old: OldScheduler) -> None:
    """Which files count is a condition of the builder."""
    important = old.argument("fileIsImportant")
    if isinstance(important, described.Function):
        old.entry.note(
            "fileIsImportant",
            f"which files count is said by the function '{important.name}'{values.where(important.place)}",
            "give its builders such a condition: `when: change.files.exists(file, !file.startsWith('docs/'))`",
        )


def _sources(old: OldScheduler, builders: list[str]) -> list[str]:
    """The repositories whose commits it waits for: those of its filter, else those that its builders check out."""
    wanted: list[Value] = []
    if isinstance(filtered := old.argument("change_filter"), Thing):
        wanted = items(filtered.arguments.get("repository"))
    for codebase in entries(old.argument("codebases")).values():
        wanted += items(entries(codebase).get("repository"))
    addresses = {each for each in wanted if isinstance(each, str) and each}
    checked_out = list(dict.fromkeys(source for each in builders for source in old.sources_of(each)))
    named = [source for source in checked_out if old.site.sources.is_at(source, addresses)]
    if addresses and checked_out and not named:
        old.entry.note(
            "repository",
            f"its builders check out none of {', '.join(sorted(addresses))}: it builds for what they check out",
            "have both name the repository by one address",
        )
    return named or checked_out or _polled(old, addresses)


def _polled(old: OldScheduler, addresses: set[str]) -> list[str]:
    """Of builders whose commands fetch the repository themselves: those that a change source looks at."""
    declared = old.site.sources.declared
    polled = [source for source in declared if declared[source].get("poll", "never") != "never"]
    found = [source for source in polled if not addresses or old.site.sources.is_at(source, addresses)]
    if found:
        old.entry.note(
            "sources",
            "its builders check out no repository with a step of Buildbot's: it builds for those that are polled",
            "replace the commands that fetch it by a `checkout`: builds then have the revision that was asked for",
        )
    return found
