"""A builder as it is after templates, matrix and defaults, each part with the place in the file that it came from.

It is made of the models and so of whatever keys they have: a further key needs nothing here.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, NamedTuple, get_args

import msgspec
from pydantic.fields import FieldInfo

from buildledger.config.evaluation.evaluate import Context, WorkerView
from buildledger.config.evaluation.placement import Requirement
from buildledger.config.explain.explained import DEFAULT, Explained
from buildledger.config.explain.explained_values import as_written, default, kinds, spelt
from buildledger.config.expressions.cel import mentioned
from buildledger.config.fields import nodes
from buildledger.config.fields.strict import Strict
from buildledger.config.loading.matrix import spelled
from buildledger.config.loading.parsing import Parsed
from buildledger.config.models import builder_models
from buildledger.config.problems.problem import Path, did_you_mean
from buildledger.config.reading.document import Document
from buildledger.config.resolved import Builder, Configuration, Worker
from buildledger.config.values import Expression, InputRef, Spread

_EXPRESSION = get_args(nodes.ExpressionText)[1]
REPLACED = frozenset({"use", "with_", "matrix", "steps", "inputs"})
"""Fields of a builder that aren't shown as they stand: the steps of the template, the cell's own values, all inputs."""


_OF_ALL = ("properties",)


class Layer(NamedTuple):
    """What one place of the file says of something."""

    model: Strict
    path: Path


class UnknownBuilderError(LookupError):
    """There is no builder and no cell of that name."""


class Explanation(msgspec.Struct, frozen=True, kw_only=True):
    """All that is to be said of a builder, or of one cell of its matrix."""

    name: str
    body: Explained
    """What it would be if it were written out in the file."""
    triggers: Explained
    """Which triggers build it: name → kind."""
    workers: Explained
    """Which workers of the file may run it."""
    cells: tuple[str, ...] = ()
    """The builders that the name stands for; empty for one that stands for itself."""


def explain(document: Document, parsed: Parsed, configuration: Configuration, name: str) -> Explanation:
    """Explain a builder of the file, or a cell of its matrix.

    Raises:
        UnknownBuilderError: There is none of that name; says which there are.
    """
    cells = tuple(cell.name for cell in configuration.builders.values() if cell.base == name and cell.matrix)
    cell = configuration.builders.get(name)
    if cell is None and not cells:
        known = [*parsed.builders, *configuration.builders]
        raise UnknownBuilderError(f"there is no builder '{name}'{did_you_mean(name, known)}")
    base = name if cell is None else cell.base
    return Explanation(
        name=name,
        body=_Explainer(document, parsed, base, cell).body(),
        triggers=_triggers(document, parsed, configuration, cells or (name,)),
        workers=_workers(document, configuration, cells or (name,)),
        cells=cells,
    )


class _Explainer:
    """Explains one builder; `cell` is None for all cells of a matrix together."""

    def __init__(self, document: Document, parsed: Parsed, base: str, cell: Builder | None) -> None:
        self._document = document
        self._parsed = parsed
        self._base = base
        self._cell = cell
        self._model = parsed.builders[base]
        self._path: Path = ("builders", base)
        self._template = parsed.templates.get(self._model.use) if self._model.use else None

    def body(self) -> Explained:
        """All its keys."""
        entries: dict[str, Explained] = {}
        layers = (Layer(self._model, self._path), Layer(self._parsed.defaults.builder, ("defaults", "builder")))
        for name, field in type(self._model).model_fields.items():
            if name not in REPLACED:
                entries[field.alias or name] = self._field(layers, name, field, None)
        if self._parsed.properties:
            entries["properties"] = _merged(
                [entries["properties"], self._value(self._parsed.properties, _OF_ALL, None)]
            )
        if self._model.matrix is not None:
            entries["matrix"] = self._matrix(self._model.matrix)
        entries["inputs"] = self._inputs()
        entries["steps"] = self._steps()
        return Explained(value=entries, origin=self._at(self._path))

    def _matrix(self, matrix: builder_models.Matrix) -> Explained:
        """The axes, each with the value that it has in the cell."""
        path = (*self._path, "matrix")
        if self._cell is None:
            return self._value(matrix, path, None)
        axes = {
            axis: Explained(value=(self._axis_value(axis, value),), origin=self._axis_value(axis, value).origin)
            for axis, value in self._cell.matrix.items()
        }
        return Explained(value={"axes": Explained(value=axes, origin=self._at((*path, "axes")))}, origin=self._at(path))

    def _axis_value(self, axis: str, value: str | int | bool) -> Explained:
        assert self._model.matrix is not None
        spellings = [spelled(each) for each in self._model.matrix.axes[axis]]
        path = (*self._path, "matrix", "axes", axis, spellings.index(spelled(value)))
        return Explained(value=value, origin=self._at(path))

    def _inputs(self) -> Explained:
        path = (*self._path, "inputs")
        found = {name: self._value(spec, (*path, name), None) for name, spec in self._model.inputs.items()}
        for index, trigger in self._parsed.triggers.items():
            if any(name.partition("[")[0] == self._base for name in trigger.build):
                for name, spec in getattr(trigger, "inputs", {}).items():
                    found.setdefault(name, self._value(spec, ("triggers", index, "inputs", name), None))
        return Explained(value=found, origin=self._at(path) if self._model.inputs else DEFAULT)

    def _steps(self) -> Explained:
        template = self._template
        path = (*self._path, "steps") if template is None else ("templates", str(self._model.use), "steps")
        steps = (self._model.steps or []) if template is None else template.steps
        elements = []
        place = 0
        for index, step in enumerate(steps):
            stored = None if self._cell is None or place >= len(self._cell.steps) else self._cell.steps[place]
            place += 1 + len(step.followed_by())
            layers = (Layer(step, (*path, index)), Layer(self._parsed.defaults.step, ("defaults", "step")))
            entries = {
                field.alias or name: self._field(layers, name, field, stored) for name, field in _kind_first(step)
            }
            elements.append(Explained(value=entries, origin=self._at((*path, index))))
        note = "" if template is None else f"used at {self._at((*self._path, 'use'))}"
        return Explained(value=tuple(elements), origin=self._at(path), note=note)

    def _field(self, layers: Sequence[Layer], name: str, field: FieldInfo, stored: Any) -> Explained:
        """A field as the first of the layers gives it, mappings merged; else its default.

        Or, if nobody gave it, what was made of other fields if `stored` has that.
        """
        key = field.alias or name
        given = [layer for layer in layers if name in layer.model.model_fields_set]
        if not given:
            value = getattr(layers[0].model, name)
            made = getattr(stored, name, None) if value is None else None
            return default(made if isinstance(made, str | int) else value, field)
        found = [self._value(getattr(layer.model, name), (*layer.path, key), field) for layer in given]
        return _merged(found) if isinstance(found[0].value, dict) and len(found) > 1 else found[0]

    def _value(self, value: Any, path: Path, field: FieldInfo | None) -> Explained:
        origin = self._at(path)
        match value:
            case Strict():
                entries = {
                    each.alias or name: self._field((Layer(value, path),), name, each, None)
                    for name, each in type(value).model_fields.items()
                }
                return Explained(value=entries, origin=origin)
            case msgspec.Struct():
                return self._node(value, path)
            case dict():
                return Explained(
                    value={key: self._value(inner, (*path, key), field) for key, inner in value.items()}, origin=origin
                )
            case list() | tuple():
                return Explained(value=self._elements(value, path), origin=origin)
            case _:
                said = self._said(path)
                note = ""
                if isinstance(value, str) and _EXPRESSION in kinds(field):
                    note = self._bound(value, path)
                return Explained(value=spelt(value, field) if said is None else said, origin=origin, note=note)

    def _elements(self, values: Sequence[Any], path: Path) -> tuple[Explained, ...]:
        found: list[Explained] = []
        for index, value in enumerate(values):
            explained = self._value(value, (*path, index), None)
            if isinstance(value, Spread) and isinstance(explained.value, tuple):
                found += explained.value
            else:
                found.append(explained)
        return tuple(found)

    def _node(self, node: Any, path: Path) -> Explained:
        """A value node: what is put in its place if that is known by now, else the node itself."""
        match node:
            case nodes.MatrixRef(name=axis) if self._cell is not None:
                return self._axis_value(axis, self._cell.matrix[axis])
            case InputRef(name=name) if self._template is not None and path[0] == "templates":
                return self._argument(name)
            case Spread(value=inner):
                found = self._node(inner, (*path, "spread")) if isinstance(inner, msgspec.Struct) else None
                if found is not None and isinstance(found.value, tuple):
                    return found
                return Explained(value={"spread": found or self._at_node(inner, path)}, origin=self._at(path))
            case Expression(source=source):
                return self._at_node(node, path, note=self._bound(source, path))
            case _:
                return self._at_node(node, path)

    def _bound(self, source: str, path: Path) -> str:
        """What the inputs in an expression of a template are in this builder, for people."""
        if self._template is None or path[0] != "templates":
            return ""
        names = sorted(name for name in mentioned(source) if name.startswith("inputs."))
        given = {name: self._argument(name.removeprefix("inputs.")).plain() for name in names}
        return ", ".join(f"{name} is {json.dumps(value)}" for name, value in given.items())

    def _argument(self, name: str) -> Explained:
        """What an input of the template stands for in this builder."""
        if name in self._model.with_:
            return self._value(self._model.with_[name], (*self._path, "with", name), None)
        assert self._template is not None
        place = ("templates", str(self._model.use), "inputs", name, "default")
        return self._value(self._template.inputs[name].default, place, None)

    def _at_node(self, node: Any, path: Path, note: str = "") -> Explained:
        origin = self._at(path)
        return Explained(
            value={key: Explained(value=value, origin=origin) for key, value in as_written(node).items()},
            origin=origin,
            note=note,
        )

    def _said(self, path: Path) -> str | int | bool | None:
        """A scalar as it stands in the file; None if there is none."""
        if not self._document.has(path):
            return None
        value = self._document.data
        for element in path:
            value = value[element]
        if isinstance(value, bool) or not isinstance(value, int):
            return value if isinstance(value, str | bool) else None
        return int(value)

    def _at(self, path: Path) -> str:
        return self._document.line(path)


def _merged(mappings: Sequence[Explained]) -> Explained:
    """Mappings as one; of a key that several have the first counts."""
    entries: dict[str, Explained] = {}
    for each in reversed(mappings):
        assert isinstance(each.value, dict)
        entries |= each.value
    return Explained(value=entries, origin=next((each.origin for each in mappings if each.value), DEFAULT))


def _kind_first(step: Strict) -> list[tuple[str, FieldInfo]]:
    """The fields of a step, what it does first."""
    found = list(type(step).model_fields.items())
    return sorted(found, key=lambda item: item[0] != getattr(step, "KEY", ""))


def _triggers(document: Document, parsed: Parsed, configuration: Configuration, names: Sequence[str]) -> Explained:
    found = {
        trigger.name: Explained(value=model.on, origin=document.line(("triggers", index)))
        for (index, model), trigger in zip(parsed.triggers.items(), configuration.triggers.values(), strict=True)
        if any(name in trigger.build for name in names)
    }
    return Explained(value=found, origin=document.line(("triggers",)))


def _workers(document: Document, configuration: Configuration, names: Sequence[str]) -> Explained:
    """The workers that may run at least one of these builders, as far as that doesn't depend on the request."""
    builders = [configuration.builders[name] for name in names]
    requirements = [Requirement(builder, Context(matrix=builder.matrix)) for builder in builders]
    found = tuple(
        Explained(value=worker.name, origin=document.line(_worker_path(document, worker.name)))
        for worker in configuration.workers.values()
        if any(each.per_request or each.fits(_view(worker)) for each in requirements)
    )
    depends = any(each.per_request for each in requirements)
    note = "which of them depends on the request" if depends else ""
    return Explained(value=found, origin=document.line(("workers",)), note=note)


def _worker_path(document: Document, name: str) -> Path:
    """Where a worker stands in the file: `linux-2` under its own name, or under `linux`, of which there are several."""
    path: Path = ("workers", name)
    return path if document.has(path) else ("workers", name.rpartition("-")[0])


def _view(worker: Worker) -> WorkerView:
    return WorkerView(name=worker.name, labels=worker.labels, capacity=worker.capacity)
