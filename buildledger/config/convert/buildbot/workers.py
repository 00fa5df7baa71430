"""Workers. Their passwords stay where they are: a worker here is let in by a token."""

from __future__ import annotations

from collections import Counter
from typing import Any

from buildledger.config import limits
from buildledger.config.convert.buildbot import latent
from buildledger.config.convert.buildbot.account import Entry, Kind
from buildledger.config.convert.buildbot.described import Thing, Value
from buildledger.config.convert.buildbot.names import identifier, unique
from buildledger.config.convert.buildbot.site import Site, argument, entries, items, remark_unknown
from buildledger.config.fields import spelling

MISSING_SECONDS = 600
_KNOWN = frozenset(
    {"name", "password", "max_builds", "properties", "defaultProperties", "missing_timeout", "notify_on_missing"}
    | {"locks", "machine_name"}
)
MADE_BY_BUILDBOT = "__"
"""Begins the names of what a configurator adds for Buildbot's own cleaning: a worker, a builder, schedulers."""


class Workers:
    """The workers of the result."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self.declared: dict[str, dict[str, Any]] = {}
        self.comments: dict[str, list[str]] = {}
        self._labels: dict[str, dict[str, str]] = {}
        self._groups: dict[tuple[str, ...], str] = {}

    def convert(self) -> None:
        """Declare all of them."""
        named: Counter[str] = Counter()
        for builder in self._site.extracted.builders:
            named.update({str(each) for each in items(builder.attributes.get("workernames"))})
        for worker in self._site.extracted.workers:
            old = str(argument(worker, "name", worker.attributes.get("name")))
            if old.startswith(MADE_BY_BUILDBOT):
                continue
            entry = self._site.account.entry(Kind.WORKERS, old, old, worker.place)
            self._worker(worker, old, named[old], entry)

    def labels(self, workers: list[str]) -> dict[str, str]:
        """Properties that each of these workers has, with the labels that they became."""
        each = [self._labels.get(worker, {}) for worker in workers]
        return {old: new for old, new in (each[0] if each else {}).items() if all(old in other for other in each)}

    def shared(self, workers: list[str]) -> list[str]:
        """The texts of labels that say of each of these workers which system it has."""
        new = [self._site.worker_names.name(each) for each in workers]
        each = [set(self.declared.get(name, {}).get("labels", {}).values()) for name in new]
        return sorted(set.intersection(*each)) if each else []

    def group(self, workers: list[str]) -> str:
        """A label that these workers alone have, by their new names: for builders that name too many of them."""
        members = tuple(sorted(workers))
        if members not in self._groups:
            taken = {label for keys in self.declared.values() for label in keys.get("labels", {})}
            label = unique(f"group_{len(self._groups) + 1}", taken, "_")
            self._groups[members] = label
            for worker in members:
                if worker in self.declared:
                    self.declared[worker].setdefault("labels", {})[label] = "true"
        return self._groups[members]

    def _worker(self, worker: Thing, old: str, builders: int, entry: Entry) -> None:
        new = self._site.worker_names.name(old)
        keys: dict[str, Any] = {}
        if labels := self._properties(worker, old, entry):
            keys["labels"] = labels
        keys |= self._capacity(worker, new, builders)
        missing = argument(worker, "missing_timeout")
        if isinstance(missing, int | float) and missing not in (0, MISSING_SECONDS):
            keys["missing_after"] = spelling.duration(missing)
        keys |= self._start(worker, entry)
        if self._site.extracted.base_among(worker, latent.KINDS) is None:
            remark_unknown(worker, entry, _KNOWN, "a worker")
        if new != old:
            self.comments.setdefault(new, []).append(f"in Buildbot: {old}")
        if argument(worker, "notify_on_missing"):
            entry.note("notify_on_missing", "messages come with a later version (`notify`)", "")
        if argument(worker, "locks"):
            entry.note(
                "locks", "a worker takes no locks", "give them to the builders that it runs, or limit its capacity"
            )
        if argument(worker, "machine_name"):
            entry.note("machine_name", "machines that are woken up have no counterpart", "an elastic worker: `start`")
        self.declared[new] = keys

    def _capacity(self, worker: Thing, new: str, builders: int) -> dict[str, Any]:
        most = argument(worker, "max_builds")
        if isinstance(most, int) and most > 0:
            return {} if most == 1 else {"capacity": min(most, limits.WORKER_CAPACITY)}
        if builders > 1:
            self.comments.setdefault(new, []).append(
                "no max_builds in Buildbot: one build for each builder that names it"
            )
            return {"capacity": min(builders, limits.WORKER_CAPACITY)}
        return {}

    def _properties(self, worker: Thing, old: str, entry: Entry) -> dict[str, str]:
        found: dict[str, str] = {}
        known: dict[str, str] = {}
        given: dict[str, Value] = {
            **entries(argument(worker, "defaultProperties")),
            **entries(argument(worker, "properties")),
        }
        for name, value in given.items():
            if not isinstance(value, str | int | float | bool):
                entry.note(f"property {name}", "a label is a text", "write what builders choose by as labels")
                continue
            known[name] = identifier(name)
            found[identifier(name)] = str(value).lower() if isinstance(value, bool) else str(value)
        self._labels[old] = known
        return found

    def _start(self, worker: Thing, entry: Entry) -> dict[str, Any]:
        if "LocalWorker" in self._site.extracted.class_of(worker).bases:
            return {"start": {"driver": "local"}}
        return latent.start(self._site, worker, entry)
