"""The paths that changes touch, for conditions with `change.files`."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Iterable
from typing import NamedTuple

from buildledger.domain import change
from buildledger.events.change import ChangeRecorded
from buildledger.events.ids import ChangeId
from buildledger.ledger.ledger import Ledger

CHANGES_LIMIT = 500
"""Changes that one request names; of more, the newest."""
REMEMBERED_CHANGES = 4_096
PATHS_LIMIT = 10_000
"""Paths of all changes of a build together; a condition sees no more."""


class ChangedPaths(NamedTuple):
    """The paths that changes touch."""

    paths: tuple[str, ...]
    complete: bool
    """Whether these are all: of a change with many paths not all are stored."""


class ChangePaths:
    """Looks up the paths of changes; keeps those that were asked for last."""

    def __init__(self, ledger: Ledger) -> None:
        """Reads changes from the ledger, which blocks."""
        self._ledger = ledger
        self._paths: OrderedDict[ChangeId, ChangedPaths] = OrderedDict()

    def of(self, changes: Iterable[ChangeId]) -> ChangedPaths:
        """The paths of these changes, each once, in the order of the changes."""
        paths: dict[str, None] = {}
        complete = True
        for change_id in changes:
            found = self._one(change_id)
            paths.update(dict.fromkeys(found.paths))
            complete = complete and found.complete
            if len(paths) > PATHS_LIMIT:
                return ChangedPaths(tuple(paths)[:PATHS_LIMIT], complete=False)
        return ChangedPaths(tuple(paths), complete)

    def _one(self, change_id: ChangeId) -> ChangedPaths:
        found = self._paths.get(change_id)
        if found is None:
            found = self._paths[change_id] = _paths_of(self._recorded(change_id))
            if len(self._paths) > REMEMBERED_CHANGES:
                self._paths.popitem(last=False)
        return found

    def _recorded(self, change_id: ChangeId) -> ChangeRecorded | None:
        state, _ = self._ledger.load(change.AGGREGATE, change_id)
        recorded: ChangeRecorded | None = state.recorded
        return recorded


def _paths_of(recorded: ChangeRecorded | None) -> ChangedPaths:
    if recorded is None:
        return ChangedPaths((), complete=False)
    return ChangedPaths(tuple(file.path for file in recorded.files), recorded.file_count <= len(recorded.files))
