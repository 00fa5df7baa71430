"""The manual's reference of the file format, made of its JSON Schema: keys, what they take, defaults, meanings."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from buildledger.config.fields.value_schemas import NAMED
from buildledger.config.models.schema import schema

Schema = Mapping[str, Any]

_HEAD = """\
# Keys of the configuration

Every key of a configuration file, what it takes, and what holds where it is left out. How they work together is told in
[configuration.md](configuration.md). This page is made of the format's JSON Schema: `buildledger config schema` prints
that for editors, and with `--markdown` this.
"""
_DEFAULT_CHARACTERS = 60
"""A longer default is told in the text beside it."""


def reference() -> str:
    """The page, as Markdown."""
    published = schema()
    parts = _parts(published)
    models = {name: published["$defs"][name] if name else published for name in parts}
    several = set(_alternatives(published))
    headings = {name: _heading(parts[name][0], model, alone=name not in several) for name, model in models.items()}
    return "\n".join(
        [_HEAD, _values(), *(_section(headings[name], parts[name], models[name], headings) for name in parts)]
    )


def _parts(published: Schema) -> dict[str, list[str]]:
    """The models in the order in which they occur, each with the places where it stands; the file itself is ``."""
    parts: dict[str, list[str]] = {"": [""]}
    waiting = [("", published)]
    while waiting:
        place, model = waiting.pop(0)
        for key, value in model["properties"].items():
            for path, name in _references(value, f"{place}.{key}" if place else key):
                if name in NAMED:
                    continue
                if name not in parts:
                    waiting.append((path, published["$defs"][name]))
                parts.setdefault(name, []).append(path)
    return parts


def _references(value: Any, place: str) -> Iterator[tuple[str, str]]:
    if "$ref" in value:
        yield place, value["$ref"].rpartition("/")[2]
    if (entry := _one_or_several(value)) is not None:
        yield from _references(entry, f"{place}[]")
        return
    for each in value.get("anyOf", ()):
        yield from _references(each, place)
    if isinstance(items := value.get("items"), dict):
        yield from _references(items, f"{place}[]")
    if isinstance(inner := value.get("additionalProperties"), dict):
        yield from _references(inner, f"{place}.NAME")


def _one_or_several(value: Schema) -> Any:
    """What one entry is, where a list or one entry of it may stand; None elsewhere."""
    match [each for each in value.get("anyOf", ()) if each != {"type": "null"}]:
        case [{"type": "array", "items": dict(entry)}, *rest] if rest and rest in ([entry], entry.get("anyOf")):
            return entry
        case _:
            return None


def _alternatives(value: Any) -> Iterator[str]:
    """The models that are one of several which may stand at the same place."""
    if isinstance(value, list):
        for each in value:
            yield from _alternatives(each)
    elif isinstance(value, dict):
        names = [each["$ref"].rpartition("/")[2] for each in value.get("anyOf", ()) if "$ref" in each]
        models = [name for name in names if name not in NAMED]
        yield from models if len(models) > 1 else ()
        for each in value.values():
            yield from _alternatives(each)


def _section(heading: str, places: list[str], model: Schema, headings: Mapping[str, str]) -> str:
    lines = [f"## {heading}", "", model["description"], ""]
    if len(places) > 1:
        lines += [f"It stands at {', '.join(f'`{place}`' for place in places)}.", ""]
    lines += ["| key | takes | default | meaning |", "| --- | --- | --- | --- |"]
    required = model.get("required", ())
    for key, value in model["properties"].items():
        described = _cell(value["description"])
        default = "required" if key in required else _default(value)
        lines.append(f"| `{key}` | {_takes(value, headings)} | {default} | {described} |")
    return "\n".join([*lines, ""])


def _values() -> str:
    rows = [
        f"| {named.words} | {_cell(named.meaning)} |" for named in NAMED.values() if not named.words.startswith("`")
    ]
    return "\n".join(["## Values", "", "| name | what it is |", "| --- | --- |", *rows, ""])


def _heading(place: str, model: Schema, *, alone: bool) -> str:
    """`builders.NAME.matrix`; of one of several kinds that may stand there `step: checkout`, `start: driver: local`."""
    if not place:
        return "The file"
    if alone:
        return place
    kind = place.removesuffix("[]").removesuffix(".NAME").rpartition(".")[2]
    kind = kind.removesuffix("s") if place.endswith(("[]", ".NAME")) else kind
    for key, value in model["properties"].items():
        if "const" in value:
            return f"{kind}, {key}: {value['const']}"
    return f"{kind}, {model['required'][0]}"


def _takes(value: Any, headings: Mapping[str, str]) -> str:
    match value:
        case {"$ref": str(reference)}:
            name = reference.rpartition("/")[2]
            return NAMED[name].words if name in NAMED else f"[{headings[name]}](#{_anchor(headings[name])})"
        case {"anyOf": list()} if (items := _one_or_several(value)) is not None:
            return f"one or a list of: {_takes(items, headings)}"
        case {"anyOf": list(choices)}:
            return " or ".join(dict.fromkeys(_takes(each, headings) for each in choices if each != {"type": "null"}))
        case {"const": constant}:
            return f"`{constant}`"
        case {"enum": list(constants)}:
            return ", ".join(f"`{constant}`" for constant in constants)
        case {"type": "integer", "minimum": least, "maximum": most}:
            return f"a whole number, {least:,} to {most:,}"
        case {"type": "array", "items": items}:
            return f"a list of: {_takes(items, headings)}"
        case {"type": "object", "additionalProperties": dict(inner)}:
            return f"a mapping to: {_takes(inner, headings)}"
        case {"type": "object"}:
            return "a mapping"
        case {"type": str(kind)}:
            return kind
        case {"type": list(kinds)}:
            return " or ".join(kinds)
        case _:
            return "anything"


def _default(value: Schema) -> str:
    default = value.get("default")
    if default in (None, {}, [], "") or isinstance(default, dict):
        return "none"
    text = default if isinstance(default, str) else json.dumps(default)
    return f"`{text}`" if len(text) <= _DEFAULT_CHARACTERS else "see there"


def _anchor(heading: str) -> str:
    """The anchor that code hosts make of a heading."""
    kept = "".join(each for each in heading.lower() if each.isalnum() or each in " -_")
    return kept.replace(" ", "-")


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")
