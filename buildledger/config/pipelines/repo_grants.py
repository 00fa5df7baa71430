"""What may not stand in the file of a repository: sections, keys, steps and names that aren't granted to it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from buildledger.config import limits
from buildledger.config.models import builder_models, file_models
from buildledger.config.pipelines.definition import Definition
from buildledger.config.problems.problem import Path, did_you_mean, listed
from buildledger.config.reading.document import Document
from buildledger.config.steps import kinds

ALWAYS = frozenset({"description", "tags", "steps", "env", "properties", "timeout", "locks"})
"""Keys of builders that need no grant of their own; locks are granted by name."""
BY_GRANT = {
    "matrix": "matrix",
    "when": "when",
    "inputs": "inputs",
    "worker": "worker",
    "collapse": "collapse",
    "retry": "retry",
    "priority": "priority",
    "use": "templates",
    "with": "templates",
}
"""Keys of builders, and what has to be granted for each. All others are the central configuration's."""
STEPS = frozenset({"checkout", "run", "script", "upload", "download", "test_report", "set_property", "generate"})
"""Kinds of steps that may stand in the file. One that does more than this on the server may not."""
TRIGGERS = frozenset({"change", "success", "manual"})
"""Kinds of triggers that may stand in the file. What would a set time mean for a file that every branch has?"""


def refuse_ungranted(document: Document, file: Definition, data: dict[str, Any]) -> None:
    """Report whatever stands in the file and isn't granted. Secrets are looked at where they are checked anyway."""
    _Refusals(document, file, data).report()


class _Refusals:
    """Reports for one document."""

    def __init__(self, document: Document, file: Definition, data: dict[str, Any]) -> None:
        self._document = document
        self._file = file
        self._data = data
        self._grant = file.grant
        self._never = f"can't stand in {file.CALLED}{file.CENTRAL}"

    def report(self) -> None:
        """Everything that isn't granted."""
        for key in self._data:
            self._section(key)
        for name, entry in entries(self._data, "builders").items():
            if self._is_protected(name):
                message = f"builder '{name}' is protected: only the central configuration defines it"
                self._document.add("grant", ("builders", name), message, "choose another name", at_key=True)
            for key in entry if isinstance(entry, dict) else ():
                self._builder_key(("builders", name, key), key)
            self._locks_twice(name, entry)
        self._too_many_steps()
        for path, step in steps(self._data):
            self._step(path, step)
        self._names(checkouts(self._data), "source", self._file.sources)
        self._names(locks(self._data), "lock", self._file.locks)
        triggers = self._data.get("triggers") if "triggers" in self._file.SECTIONS else None
        for index, entry in enumerate(triggers if isinstance(triggers, list) else ()):
            self._trigger(("triggers", index), entry)

    def _section(self, key: str) -> None:
        if key == "version":
            return
        sections = self._file.SECTIONS
        if key in sections:
            if not self._is_granted(key):
                self._refuse((key,), f"'{key}' aren't granted to {self._file.WHOM}", "may_define", at_key=True)
        elif key in file_models.SECTIONS or key in file_models.File.unbuilt:
            hint = f"here may stand {listed(sections)}"
            self._document.add("grant", (key,), f"'{key}' {self._never}", hint, at_key=True)
        else:
            guess = did_you_mean(key, sections)
            hint = "" if guess else f"keys here: version, {listed(sections)}"
            self._document.add("unknown-key", (key,), f"unknown key '{key}'{guess}", hint, at_key=True)

    def _builder_key(self, path: Path, key: str) -> None:
        """A key that doesn't exist is refused by the model."""
        if key in ALWAYS or key not in builder_models.Builder.keys() | builder_models.Builder.unbuilt:
            return
        if key not in BY_GRANT or key in self._file.NOT_GRANTED:
            self._document.add("grant", path, f"'{key}' {self._never}", "take it out", at_key=True)
        elif not self._is_granted(BY_GRANT[key]):
            message = f"'{key}' of builders isn't granted to {self._file.WHOM}"
            self._refuse(path, message, "may_define", at_key=True)

    def _locks_twice(self, name: str, entry: Any) -> None:
        """Nobody sees all files together, so none may have builds hold one lock and wait for another."""
        if not isinstance(entry, dict) or not entry.get("locks"):
            return
        template = entries(self._data, "templates").get(str(entry.get("use")))
        for holder in (entry, template):
            found = holder.get("steps") if isinstance(holder, dict) else None
            if any(isinstance(step, dict) and step.get("locks") for step in (found if isinstance(found, list) else ())):
                message = "here a builder takes locks for itself or for its steps, not for both"
                hint = "builds of different repositories could wait for each other for ever"
                self._document.add("grant", ("builders", name, "locks"), message, hint, at_key=True)

    def _is_protected(self, name: str) -> bool:
        central = self._file.central
        return central is not None and any(
            builder.base == name and builder.protected for builder in central.builders.values()
        )

    def _too_many_steps(self) -> None:
        if self._grant is None:
            return
        for section in ("templates", "builders"):
            for name, entry in entries(self._data, section).items():
                found = entry.get("steps") if isinstance(entry, dict) else None
                if isinstance(found, list) and len(found) > self._grant.max_steps:
                    message = f"there are {len(found)} steps, at most {self._grant.max_steps} are granted"
                    self._refuse((section, name, "steps"), message, "max_steps", at_key=True)

    def _step(self, path: Path, step: dict[str, Any]) -> None:
        for kind in kinds.NAMES:
            if kind in step and kind not in STEPS:
                self._document.add("grant", (*path, kind), f"a step '{kind}' {self._never}", "take it out", at_key=True)
        if "generate" in step:
            self._generates(path, step)

    def _generates(self, path: Path, step: dict[str, Any]) -> None:
        """A step that generates hands on no more than there is, and builders aren't generated without end."""
        here = (*path, "generate")
        if not self._is_granted("generate"):
            self._refuse(here, f"a step 'generate' isn't granted to {self._file.WHOM}", "may_define", at_key=True)
        elif self._file.depth >= limits.GENERATIONS:
            message = f"builders are generated at most {limits.GENERATIONS} deep, and these are already"
            self._document.add("grant", here, message, "have a builder before them generate", at_key=True)
        handed_on = step.get("may_define")
        for index, what in enumerate(handed_on if isinstance(handed_on, list) else [handed_on]):
            if isinstance(what, str) and not self._is_granted(what):
                place = (*path, "may_define", *([index] if isinstance(handed_on, list) else []))
                self._refuse(place, f"'{what}' isn't granted to {self._file.WHOM}", "may_define")

    def _names(self, found: Iterator[tuple[Path, str]], kind: str, granted: frozenset[str]) -> None:
        if self._grant is None:
            return
        for path, name in found:
            if name not in granted:
                self._refuse(path, f"the {kind} '{name}' isn't granted to {self._file.WHOM}", f"{kind}s", granted)

    def _trigger(self, path: Path, entry: Any) -> None:
        if not isinstance(entry, dict):
            return
        kind, source = entry.get("on"), entry.get("source")
        if isinstance(kind, str) and kind in file_models.TRIGGERS and kind not in TRIGGERS:
            hint = f"here may stand {listed(TRIGGERS)}"
            self._document.add("grant", (*path, "on"), f"a {kind} trigger {self._never}", hint)
        if kind == "change" and isinstance(source, str) and self._grant is not None and source != self._file.owner:
            message = f"a repository's file watches its own source only, which is '{self._file.owner}'"
            self._document.add("grant", (*path, "source"), message)

    def _is_granted(self, what: str) -> bool:
        return self._grant is None or what in self._grant.may_define

    def _refuse(
        self, path: Path, message: str, key: str, granted: frozenset[str] = frozenset(), *, at_key: bool = False
    ) -> None:
        hint = f"granted: {listed(granted)}" if granted else self._file.who_grants(key)
        self._document.add("grant", path, message, hint, at_key=at_key)


def entries(data: dict[str, Any], section: str) -> dict[str, Any]:
    """The entries of a section; none if it is anything else than a mapping."""
    found = data.get(section)
    return found if isinstance(found, dict) else {}


def steps(data: dict[str, Any]) -> Iterator[tuple[Path, dict[str, Any]]]:
    """All steps of the file that are mappings, with their places."""
    for section in ("templates", "builders"):
        for name, entry in entries(data, section).items():
            found = entry.get("steps") if isinstance(entry, dict) else None
            for index, step in enumerate(found if isinstance(found, list) else ()):
                if isinstance(step, dict):
                    yield (section, name, "steps", index), step


def checkouts(data: dict[str, Any]) -> Iterator[tuple[Path, str]]:
    """The sources that steps name, with their places."""
    for path, step in steps(data):
        if isinstance(source := step.get("checkout"), str):
            yield (*path, "checkout"), source


def locks(data: dict[str, Any]) -> Iterator[tuple[Path, str]]:
    """The locks that builders and steps name, with their places."""
    for name, entry in entries(data, "builders").items():
        if isinstance(entry, dict):
            yield from _uses(entry.get("locks"), ("builders", name, "locks"))
    for path, step in steps(data):
        yield from _uses(step.get("locks"), (*path, "locks"))
        if isinstance(grants := step.get("grants"), dict):
            yield from _uses(grants.get("locks"), (*path, "grants", "locks"))


def _uses(value: Any, path: Path) -> Iterator[tuple[Path, str]]:
    match value:
        case str():
            yield path, value
        case {"lock": str(name)}:
            yield (*path, "lock"), name
        case list():
            for index, each in enumerate(value):
                yield from _uses(each, (*path, index))
        case _:
            return
