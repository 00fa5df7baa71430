"""A builder of the configuration in force, written out as a file could have it.

`explain.py` says where each part of a file came from. What is stored knows nothing of files: here it is shown whole,
with whatever fields it has, so that a further setting of a builder or a step needs nothing here.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec
from pydantic.fields import FieldInfo

from buildledger.config.explain.explained import Explained, to_yaml
from buildledger.config.explain.explained_values import as_written, default
from buildledger.config.fields import spelling
from buildledger.config.grant import Grant
from buildledger.config.inputs import InputSpec
from buildledger.config.loading.matrix import spelled
from buildledger.config.lock_uses import LockUse
from buildledger.config.resolved import Builder
from buildledger.config.steps.download import Origin
from buildledger.config.steps.kinds import KINDS
from buildledger.config.steps.set_property import SetPropertyStep
from buildledger.config.steps.step import StepBase, StepModel, Timeout
from buildledger.config.values import Expression, InputRef, PropertyRef, SecretRef, Spread

_MODELS: dict[type[StepBase], type[StepModel]] = {kind.STORED: kind for kind in KINDS}
_SAID_ALREADY = frozenset({"name", "base", "input_names", "sources"})
"""Fields of a builder that its name, its inputs and its steps say."""
_OF_A_PROGRAM = frozenset({"env", "workdir", "timeout"})


def definition(builder: Builder) -> str:
    """YAML that defines the builder: its template and the values of its matrix put in, all its settings said.

    Of steps what differs from the defaults is said, and their timeouts. Loaded, it gives this very builder, unless an
    expression asks for inputs of its template: a comment says what they are.
    """
    settings = {
        name.removesuffix("_seconds"): _setting(name, value)
        for name, value in _fields(builder).items()
        if name not in _SAID_ALREADY
    }
    settings["inputs"] = _mapping({name: _input(spec) for name, spec in builder.ordered_inputs().items()})
    if builder.matrix:
        settings["matrix"] = _value({"axes": {axis: [builder.matrix[axis]] for axis in _axes(builder)}})
    steps = settings.pop("steps")
    given = {key: value for key, value in settings.items() if value.value not in (None, {}, (), "")}
    return to_yaml(_mapping({builder.name: _mapping(given | {"steps": steps})}))


def _axes(builder: Builder) -> list[str]:
    """The axes in the order of the file, which is that of the values in the cell's name."""
    found: list[str] = []
    for value in builder.name[len(builder.base) + 1 : -1].split(","):
        found += [axis for axis, cell in builder.matrix.items() if axis not in found and spelled(cell) == value][:1]
    return found


def _setting(name: str, value: Any) -> Explained:
    match name:
        case "steps":
            return Explained(value=tuple(_step(step) for step in value), origin="")
        case "worker" | "when" if value is not None:
            return _condition(value)
        case "timeout_seconds":
            return _value(spelling.duration(value))
        case _:
            return _value(value)


def _input(spec: InputSpec) -> Explained:
    given = {name: value for name, value in _fields(spec).items() if value is not None and value not in ((), "")}
    return _mapping({name: _value(value) for name, value in given.items()})


def _step(step: StepBase) -> Explained:
    model = _MODELS[type(step)]
    declared = {field.alias or name: field for name, field in model.model_fields.items()}
    entries: dict[str, Explained] = {}
    for name, value in _fields(step).items():
        key = step.FILE_KEYS.get(name, name)
        if isinstance(value, Grant):
            said = _grant(value)
            entries |= {each: said[each] for each in said if not _is_default(declared.get(each), said[each])}
            continue
        if value is None or _means_nothing(step, key):
            continue
        written = _condition(value) if key == "when" else _size(value) if name.endswith("_bytes") else _value(value)
        if key == "timeout" or not _is_default(declared.get(key), written):
            entries[key] = written
    return _mapping({key: entries[key] for key in sorted(entries, key=lambda key: key != model.KEY)})


def _grant(grant: Grant) -> dict[str, Explained]:
    """What a step grants to what it generates, under the keys of the file."""
    grants = {"secrets": _value(grant.secrets), "locks": _value(grant.locks)}
    given = {key: value for key, value in grants.items() if value.value}
    if grant.worker is not None:
        given["worker"] = _condition(grant.worker)
    rest = {"may_define": grant.may_define, "max_builders": grant.max_builders, "max_steps": grant.max_steps}
    said = {key: _value(value) for key, value in rest.items()}
    return said | ({"grants": _mapping(given)} if given else {})


def _means_nothing(step: StepBase, key: str) -> bool:
    """Whether a step has a field that its file can't have: a property that is set from a value has no program."""
    return isinstance(step, SetPropertyStep) and step.argv is None and key in _OF_A_PROGRAM


def _is_default(field: FieldInfo | None, written: Explained) -> bool:
    if field is None or field.is_required():
        return False
    return bool(default(field.get_default(call_default_factory=True), field).plain() == written.plain())


def _value(value: Any) -> Explained:
    """A value as the file would have it."""
    match value:
        case Expression():
            bound = ", ".join(f"inputs.{name} is {_value(inner).plain()}" for name, inner in value.bind.items())
            return Explained(value={"expr": _value(value.source)}, origin="", note=bound)
        case Spread(value=InputRef(name=name)):
            return _mapping({"spread": _value(name)})
        case Spread(value=inner):
            return _mapping({"spread": _value(inner)})
        case InputRef() | PropertyRef() | SecretRef():
            return _value(as_written(value))
        case Timeout():
            limits = {"no_output": value.no_output_seconds, "total": value.total_seconds}
            return _value({key: spelling.duration(seconds) for key, seconds in limits.items()})
        case LockUse():
            return _value(value.lock if value.take == 1 else {"lock": value.lock, "take": value.take})
        case Origin():
            return _origin(value)
        case msgspec.Struct():
            return _mapping({name: _value(inner) for name, inner in _fields(value).items()})
        case Mapping():
            return _mapping({key: _value(inner) for key, inner in value.items()})
        case list() | tuple():
            return Explained(value=tuple(_value(inner) for inner in value), origin="")
        case _:
            return Explained(value=value, origin="")


def _condition(value: Any) -> Explained:
    """CEL where nothing else can stand."""
    written = _value(value)
    assert isinstance(written.value, Mapping)
    return Explained(value=value.source, origin="", note=written.note)


def _origin(origin: Origin) -> Explained:
    if origin.of != "builder":
        return _value(origin.of)
    given = {"builder": origin.builder, "branch": origin.branch, "number": origin.number}
    return _mapping({key: _value(value) for key, value in given.items() if value is not None})


def _size(size_bytes: int) -> Explained:
    return _value(spelling.size(size_bytes))


def _mapping(entries: Mapping[str, Explained]) -> Explained:
    return Explained(value=entries, origin="")


def _fields(struct: msgspec.Struct) -> dict[str, Any]:
    return {name: getattr(struct, name) for name in struct.__struct_fields__}
