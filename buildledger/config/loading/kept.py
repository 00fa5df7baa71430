"""What the last load of a configuration made, so that the next one makes anew only what has changed.

It is for a file of thousands of builders of which somebody changes one. What may be taken over, and why that can't
differ from making it anew:

- The *model* of an entry depends on nothing but the entry and its name, and an entry that stands unchanged in the file
  is the very object that it was (`yaml_reader.Reader`).
- The *cells* of a builder depend on its model, on the inputs that manual triggers ask for, on all that stands in the
  file outside builders and triggers, on the secrets it names, and on the names of the other builders. If one of these
  isn't what it was, the builder is resolved again. Of other builders only those matter that are gone, and only to those
  whose text names one.
- A builder of which there is anything to say, if only a warning, is resolved again each time, and says it again.

Only a load without errors is kept.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any, NamedTuple

import msgspec

from buildledger.config import resolved
from buildledger.config.inputs import InputSpec
from buildledger.config.problems.problem import Path
from buildledger.config.secrets.provider import SecretProvider, SecretsUnreachableError, SecretUnavailableError


class _Entry(NamedTuple):
    data: Any
    model: Any


class _Builder(NamedTuple):
    model: Any
    inputs: Mapping[str, InputSpec]
    secrets: Mapping[str, int]
    cells: tuple[resolved.Builder, ...]


_NOT_THERE = (SecretUnavailableError, SecretsUnreachableError)


class AskedSecrets:
    """Reads each secret once a load, and remembers for whom: a `SecretProvider`."""

    def __init__(self, provider: SecretProvider) -> None:
        self._provider = provider
        self._values: dict[str, str | SecretUnavailableError | SecretsUnreachableError] = {}
        self.asked: dict[str, int] = {}
        """What was asked for since somebody emptied this, and by what to know the value again, without having it."""

    def read(self, name: str) -> str:
        """See `SecretProvider`."""
        if name not in self._values:
            try:
                self._values[name] = self._provider.read(name)
            except _NOT_THERE as error:
                self._values[name] = error
        value = self._values[name]
        if isinstance(value, _NOT_THERE):
            raise value
        self.asked[name] = hash(value)
        return value

    def place(self, name: str) -> str:
        """See `SecretProvider`."""
        return self._provider.place(name)

    def has_all(self, known: Mapping[str, int]) -> bool:
        """Whether all these secrets are what they were."""
        try:
            return all(hash(self.read(name)) == number for name, number in known.items())
        except _NOT_THERE:
            return False


GONE_MAX = 16
"""Builders that went away of which the others are looked through for their names; if more did, all are resolved."""


class Kept:
    """What one load makes, and what it may take over from the one before."""

    def __init__(self, before: Kept | None = None) -> None:
        self._before = before
        self._entries: dict[Path, _Entry] = {}
        self._plain: dict[Path, Any] = {}
        self._builders: dict[str, _Builder] = {}
        self._frame: dict[str, Any] | None = None
        """All sections but builders and triggers; None: builders weren't come to."""
        self._names: frozenset[str] = frozenset()
        """Of all builders of the file."""
        self._gone: frozenset[str] = frozenset()
        """Builders that were there before."""
        self._may_take_over = False

    def settle(self) -> Kept:
        """This, for the next load to begin with; what was before is forgotten."""
        self._before = None
        return self

    def model(self, path: Path, entry: Any) -> Any | None:
        """The model of an entry, if it is known."""
        known = self._before._entries.get(path) if self._before else None
        if known is None or known.data is not entry:
            return None
        self._entries[path] = known
        return known.model

    def keep_model(self, path: Path, entry: Any, model: Any) -> None:
        """Remember the model of a sound entry."""
        self._entries[path] = _Entry(entry, model)

    def is_plain(self, path: Path, entry: Any) -> bool:
        """Whether there is known to be nothing to say of the texts of an entry."""
        if self._before is None or self._before._plain.get(path, self) is not entry:
            return False
        self._plain[path] = entry
        return True

    def keep_plain(self, path: Path, entry: Any) -> None:
        """Remember that there is nothing to say of the texts of an entry."""
        self._plain[path] = entry

    def begin_builders(self, data: Mapping[str, Any], names: Collection[str]) -> None:
        """Find out whether builders may be taken over, by all that the file holds and the names of its builders."""
        self._frame = {key: value for key, value in data.items() if key not in ("builders", "triggers")}
        self._names = frozenset(names)
        if self._before is not None:
            self._gone = self._before._names - set(names)
            self._may_take_over = len(self._gone) <= GONE_MAX and _same(self._before._frame, self._frame, depth=2)

    def cells(
        self, name: str, model: Any, inputs: Mapping[str, InputSpec], secrets: AskedSecrets | None
    ) -> tuple[resolved.Builder, ...] | None:
        """The cells of a builder, if they are known."""
        known = self._before._builders.get(name) if self._before and self._may_take_over else None
        if known is None or known.model is not model or list(known.inputs.items()) != list(inputs.items()):
            return None
        if secrets is not None and not secrets.has_all(known.secrets):
            return None
        if self._gone and any(_names_one(cell, self._gone) for cell in known.cells):
            return None
        self._builders[name] = known
        return known.cells

    def keep_cells(
        self,
        name: str,
        model: Any,
        inputs: Mapping[str, InputSpec],
        secrets: AskedSecrets | None,
        cells: tuple[resolved.Builder, ...],
    ) -> None:
        """Remember the cells of a builder of which there is nothing to say."""
        asked = {} if secrets is None else dict(secrets.asked)
        self._builders[name] = _Builder(model, inputs, asked, cells)


def _same(before: Any, now: Any, *, depth: int) -> bool:
    """Whether two sections hold the very same objects, in the same order."""
    if before is now:
        return True
    if not depth or not isinstance(before, dict) or not isinstance(now, dict) or list(before) != list(now):
        return False
    return all(_same(before[key], now[key], depth=depth - 1) for key in before)


def _names_one(cell: resolved.Builder, names: Collection[str]) -> bool:
    text = msgspec.json.encode(cell).decode()
    return any(f'"{name}' in text for name in names)
