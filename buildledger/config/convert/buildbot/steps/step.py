"""A step under conversion, and what all steps have in common: name, what its failure means, conditions, limits."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from buildledger.config.convert.buildbot import conditions, values
from buildledger.config.convert.buildbot.account import Entry, UnsayableError
from buildledger.config.convert.buildbot.context import BuildContext
from buildledger.config.convert.buildbot.described import ClassOf, StepOf, Value
from buildledger.config.convert.buildbot.site import UNSET
from buildledger.config.fields import spelling
from buildledger.config.paths import fault as path_fault

Keys = dict[str, Any]
"""A step as the file has it."""
NO_OUTPUT_SECONDS = 1200
"""Both systems' own limit."""
_QUIET = frozenset(
    {"name", "description", "descriptionDone", "descriptionSuffix", "logEnviron", "lazylogfiles", "warnOnWarnings"}
    | {"flunkOnWarnings", "warningPattern", "warningExtractor", "suppressionFile", "suppressionList", "maxWarnCount"}
    | {"directoryEnterPattern", "directoryLeavePattern", "addURLs", "blocksize", "follow"}
)
"""Arguments of steps that only change what Buildbot's pages show, or belong to what is said as a whole."""
_PLAIN_NAMES = frozenset({"shell", "generic", "git", "setproperty", "SetProperty"})
"""Buildbot's names of classes that say less than the command line."""


@dataclass
class OldStep:
    """A step, its class, where it stands, and its entry in the account."""

    step: StepOf
    cls: ClassOf
    context: BuildContext
    entry: Entry
    comments: list[str] = field(default_factory=list)
    _asked: set[str] = field(default_factory=set)

    def attribute(self, name: str, default: Value = None) -> Value:
        """What the step has under a name, or its class."""
        self._asked.add(name)
        if name in self.step.attributes:
            return self.step.attributes[name]
        if name in self.cls.attributes:
            return self.cls.attributes[name]
        return self.step.arguments.get(name, default)

    def text(self, name: str) -> str | None:
        """An attribute that is fixed text."""
        return values.plain(self.attribute(name))

    def taken(self, *names: str) -> None:
        """Say of arguments that they are in what the step has made of them itself."""
        self._asked.update(names)

    def remark_unasked(self) -> None:
        """Say which of the arguments that it was given nobody has looked at: nothing is dropped in silence."""
        for name, value in self.step.arguments.items():
            if name not in self._asked | _QUIET and value not in UNSET:
                self.entry.note(f"argument '{name}'", "it isn't in the result: a step here has no such setting")


def common(old: OldStep) -> Keys:
    """`name`, `on_failure`, `always_run` and `when`."""
    keys: Keys = {}
    if (name := _name(old)) is not None:
        keys["name"] = name
    on_failure = _on_failure(old)
    if on_failure != "halt":
        keys["on_failure"] = on_failure
    if old.attribute("alwaysRun") is True:
        keys["always_run"] = True
    _conditions(old, keys)
    _left_out(old)
    return keys


def _name(old: OldStep) -> str | None:
    name = old.attribute("name")
    if not isinstance(name, str):
        old.entry.note("name", "a step's name is fixed text", "it is named after what it does")
        return None
    return None if name in _PLAIN_NAMES and "name" not in old.step.arguments else name


def _on_failure(old: OldStep) -> str:
    """halt and flunk, flunk alone, warn alone, or neither."""
    halt, flunk = old.attribute("haltOnFailure") is True, old.attribute("flunkOnFailure", True) is not False
    warn = old.attribute("warnOnFailure") is True
    if halt and not flunk:
        old.entry.note(
            "haltOnFailure without flunkOnFailure",
            "a failure that ends the build here also fails it",
            "give the later steps a `when` instead, and this one `on_failure: ignore`",
        )
    if halt:
        return "halt"
    if flunk:
        return "continue"
    return "warn" if warn else "ignore"


def _conditions(old: OldStep, keys: Keys) -> None:
    condition = old.attribute("doStepIf", True)
    if condition is True:
        return
    try:
        if (said := conditions.condition(condition, old.context)) != "true":
            keys["when"] = said
    except UnsayableError as error:
        keys["when"] = "false"
        old.comments.append("never runs as it stands: write its condition (doStepIf) as an expression")
        old.entry.miss(
            "doStepIf", error.why, "the step is left out of every build until you write its `when`; see the expressions"
        )


def _left_out(old: OldStep) -> None:
    if old.attribute("hideStepIf", default=False) not in (False, None):
        old.entry.note("hideStepIf", "steps are always shown")
    for name in ("flunkOnWarnings", "warnOnWarnings"):
        if name in old.step.arguments and old.step.arguments[name] is True:
            old.entry.note(name, "a step's warnings aren't counted", "have the command itself fail")


def timeout(old: OldStep) -> Keys:
    """`timeout`, unless it is the usual one."""
    silent, total = old.attribute("timeout", NO_OUTPUT_SECONDS), old.attribute("maxTime")
    if not isinstance(silent, int | float | None) or not isinstance(total, int | float | None):
        old.entry.note("timeout", "a limit of time is fixed", "write it as a duration")
        return {}
    limits: Keys = {}
    if silent != NO_OUTPUT_SECONDS:
        limits["no_output"] = spelling.duration(silent or None)
    if total:
        limits["total"] = spelling.duration(total)
    if not limits:
        return {}
    return {"timeout": limits["total"] if list(limits) == ["total"] else limits}


def directory(old: OldStep, key: str = "workdir") -> Keys:
    """The directory of a step, below the build's; nothing if it is that."""
    value = old.attribute("workdir")
    if value is None or value == "":
        return {}
    try:
        said, is_below = values.path(value, old.context)
    except UnsayableError as error:
        old.entry.miss("workdir", error.why, "it runs in the build's directory; have a script change into another")
        return {}
    if not isinstance(said, str) or (is_below and path_fault(said) is not None):
        old.entry.miss("workdir", "a directory is fixed text", "it runs in the build's directory; have a script change")
        return {}
    path = said if is_below else below_build(old, said)
    if path == ".":
        return {}
    if key == "into":
        old.context.directories.add(path)
    elif path not in old.context.directories:
        old.entry.note(
            "workdir",
            "a directory that isn't there fails the step, where Buildbot would have made it",
            "have an earlier step make it, with `run: [mkdir, -p, …]`, if no checkout brings it",
        )
    return {key: path}


def below_build(old: OldStep, path: str) -> str:
    """A path that Buildbot counts from the builder's directory, as one below the build's."""
    clean = path.replace("\\", "/").strip()
    while clean.startswith("./"):
        clean = clean[2:]
    clean = clean.rstrip("/") or "."
    base = old.context.base
    if clean == base:
        return "."
    if clean.startswith(base + "/"):
        clean = clean[len(base) + 1 :]
    elif path_fault(clean) is not None:
        old.entry.note(
            "workdir",
            f"{path!r} leaves the build's directory",
            "it runs in the build's directory; use paths below that",
        )
        return "."
    elif clean == ".":
        old.entry.note(
            "workdir", f"it ran in the directory that '{base}' is in; here it runs in the build's directory itself"
        )
    else:
        old.entry.note(
            "workdir", f"{path!r} stood beside the directory '{base}'; here it is inside the build's directory"
        )
    return clean
