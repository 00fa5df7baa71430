"""The paths that changes touch, for conditions with `change.files`."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterable

from buildledger.events.change import ChangeRecorded
from buildledger.events.ids import ChangeId

REMEMBERED_CHANGES = 4_096
PATHS_LIMIT = 10_000
"""Paths of all changes of a build together; a condition sees no more."""


class ChangePaths:
    """Looks up the paths of changes; keeps those that were asked for last."""

    def __init__(self, load: Callable[[ChangeId], ChangeRecorded | None]) -> None:
        self._load = load
        """Reads a change from the ledger, which blocks; None if it isn't there."""
        self._paths: OrderedDict[ChangeId, tuple[str, ...]] = OrderedDict()

    def of(self, changes: Iterable[ChangeId]) -> tuple[str, ...]:
        """The paths of these changes, each once, in the order of the changes."""
        paths: dict[str, None] = {}
        for change_id in changes:
            paths.update(dict.fromkeys(self._one(change_id)))
            if len(paths) > PATHS_LIMIT:
                break
        return tuple(paths)[:PATHS_LIMIT]

    def _one(self, change_id: ChangeId) -> tuple[str, ...]:
        found = self._paths.get(change_id)
        if found is None:
            change = self._load(change_id)
            found = self._paths[change_id] = () if change is None else tuple(file.path for file in change.files)
            if len(self._paths) > REMEMBERED_CHANGES:
                self._paths.popitem(last=False)
        return found
