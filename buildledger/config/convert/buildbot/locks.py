"""`MasterLock` → a lock; `WorkerLock` → one lock for each worker, where a builder has only one."""

from __future__ import annotations

from typing import Any

from buildledger.config import limits
from buildledger.config.convert.buildbot import values
from buildledger.config.convert.buildbot.account import Entry, Kind
from buildledger.config.convert.buildbot.described import Thing, Value
from buildledger.config.convert.buildbot.names import Names
from buildledger.config.convert.buildbot.site import Site, entries, items

_PER_WORKER = (
    "it counts for each worker by itself, and a lock here counts for all of them",
    "limit the workers by their `capacity`, or give each worker a builder and a lock of its own",
)


class Locks:
    """The locks of the result."""

    def __init__(self, site: Site) -> None:
        self._site = site
        self._names = Names()
        self.declared: dict[str, dict[str, Any]] = {}

    def uses(self, value: Value, workers: list[str], owner: Entry) -> list[Any]:
        """The locks that a builder or a step takes, on one of `workers` (Buildbot's names)."""
        found: dict[str, Any] = {}
        for access in items(value):
            use = self._use(access, workers, owner)
            if use is None:
                continue
            name = use["lock"] if isinstance(use, dict) else use
            if name in found:
                owner.note("locks", f"it takes the lock '{name}' twice", "")
            found.setdefault(name, use)
        return list(found.values())

    def _use(self, access: Value, workers: list[str], owner: Entry) -> Any:
        if not isinstance(access, Thing):
            owner.note("locks", values.unsayable(access).why, "name the locks")
            return None
        lock, mode, count = access, "counting", 1
        if isinstance(inner := access.attributes.get("lockid"), Thing):
            lock, mode = inner, str(access.attributes.get("mode"))
            given = access.attributes.get("count")
            count = given if isinstance(given, int) else 1
        name = self._declare(lock, workers, owner)
        if name is None or count == 0:
            return None
        if mode == "exclusive":
            return name if self.declared[name].get("count", 1) == 1 else {"lock": name, "take": "all"}
        return name if count == 1 else {"lock": name, "take": count}

    def _declare(self, lock: Thing, workers: list[str], owner: Entry) -> str | None:
        """The new name of a lock; None if it has no counterpart there."""
        cls = self._site.extracted.class_of(lock)
        old, most = str(lock.attributes.get("name")), lock.attributes.get("maxCount")
        entry = self._site.account.entry(Kind.LOCKS, (cls.name, old), old, lock.place)
        if "WorkerLock" not in cls.bases and "SlaveLock" not in cls.bases:
            return self._named(old, most)
        if len(workers) != 1:
            entry.note(owner.name, *_PER_WORKER)
            owner.note(f"lock {old}", *_PER_WORKER)
            return None
        (worker,) = workers
        most = entries(lock.attributes.get("maxCountForWorker")).get(worker, most)
        return self._named(f"{old}-{worker}", most)

    def _named(self, old: str, most: Value) -> str:
        name = self._names.name(old)
        count = most if isinstance(most, int) else 1
        self.declared.setdefault(name, {} if count == 1 else {"count": min(count, limits.LOCK_COUNT)})
        return name
