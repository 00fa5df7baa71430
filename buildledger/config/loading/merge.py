"""Several files → one document: sections are merged by name, lists put one behind the other.

Names stand once: of two that are the same the second is reported, with the place of the first. What isn't a mapping of
names or a list, such as `server`, stands in one file only; but `version` may stand in each.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, get_args, get_origin

from buildledger.config.models import file_models
from buildledger.config.reading import scalars
from buildledger.config.reading.document import Document
from buildledger.config.reading.places import Mark, Origin, Places


def merge(documents: Sequence[Document]) -> Document:
    """One document of all that these hold, and of all that is wrong with them."""
    merged = _Merged(documents[0].file)
    for document in documents:
        merged.add(document)
    return merged.document


class _Merged:
    def __init__(self, file: str) -> None:
        self.document = Document(file=file, data={}, places=Places(origins=[]))

    def add(self, document: Document) -> None:
        self.document.texts |= document.texts
        for problem in document.problems:
            self.document.take(problem)
        if document.data is None and document.failed:
            return
        if not isinstance(document.data, dict):
            found = "it is empty" if document.data is None else f"found {scalars.describe(document.data)}"
            message, hint = f"a configuration is a mapping, but {found}", "write something in it, or take it away"
            self.document.report(document.file, document.start, "type", message, hint)
            return
        for index, (section, value) in enumerate(document.data.items()):
            self._section(document, index, section, value)

    def _section(self, document: Document, index: int, section: str, value: Any) -> None:
        data, places = self.document.data, self.document.places
        kind = _kind(section)
        origin = document.places.origins[index] if document.places.origins else Origin(document.file, 0)
        inner = document.places.inner.get(index, Places())
        if kind is list and isinstance(value, dict):  # one entry stands for a list of one
            value, inner = [value], Places(values=[document.places.values[index]], inner={0: inner})
        if section not in data:
            data[section] = value
            places.inner[len(places.values)] = _separate(inner, origin) if isinstance(value, dict | list) else inner
            places.keys.append(document.places.keys[index])
            places.values.append(document.places.values[index])
            assert places.origins is not None
            places.origins.append(origin)
            if isinstance(value, dict | list):
                data[section] = value.copy()
            return
        mine = places.inner[places.number(data, section)]
        if kind is not None and isinstance(value, kind) and isinstance(data[section], kind):
            self._merge(section, value, _separate(inner, origin), mine)
        elif kind is not None and not isinstance(value, kind):
            found = "it has no value" if value is None else f"found {scalars.describe(value)}"
            wanted = "a mapping of names" if kind is dict else "a list"
            self._report(document, section, "type", f"'{section}' is {wanted}, but {found}", "take it away")
        elif section == "version":
            if scalars.written(value) != scalars.written(data[section]):
                message = f"version {scalars.written(value)} here, and {scalars.written(data[section])} elsewhere"
                self._report(document, section, "version", message, f"see {self._place(section)}")
        else:
            message = f"'{section}' stands in two files"
            self._report(document, section, "duplicate-key", message, f"the first is at {self._place(section)}")

    def _merge(self, section: str, value: Any, theirs: Places, mine: Places) -> None:
        """Add the entries of a section to those that are here."""
        data = self.document.data[section]
        assert theirs.origins is not None
        assert mine.origins is not None
        for index, entry in enumerate(value):
            if isinstance(value, dict):
                key = theirs.keys[index]
                if entry in data:
                    mark = Mark(key.line + 1 + theirs.origins[index].lines, key.column + 1)
                    message = f"{section}: the name '{entry}' stands in two files"
                    hint = f"the first is at {self._place(section, entry)}"
                    path = (section, entry)
                    self.document.report(theirs.origins[index].file, mark, "duplicate-key", message, hint, path=path)
                    continue
                data[entry] = value[entry]
                mine.keys.append(key)
            else:
                data.append(entry)
            if (inner := theirs.inner.get(index)) is not None:
                mine.inner[len(mine.values)] = inner
            mine.values.append(theirs.values[index])
            mine.origins.append(theirs.origins[index])

    def _report(self, document: Document, section: str, code: str, message: str, hint: str) -> None:
        self.document.report(document.file, document.mark((section,), at_key=True), code, message, hint)

    def _place(self, *path: str) -> str:
        """Where the first of two stands, for people."""
        mark = self.document.mark(path, at_key=True)
        return f"{self.document.file_of(path)}:{mark.line}:{mark.column}"


def _separate(places: Places, origin: Origin) -> Places:
    """Places of a section that may be added to, each entry with its own origin."""
    origins = list(places.origins) if places.origins is not None else [origin] * len(places.values)
    return Places(keys=list(places.keys), values=list(places.values), inner=dict(places.inner), origins=origins)


def _kind(section: str) -> type | None:
    """How a section is merged: a mapping of names, a list, or (None) not at all."""
    annotation = file_models.SECTIONS.get(section)
    while get_origin(annotation) not in (dict, list, None):
        annotation = get_args(annotation)[0]
    return get_origin(annotation)
