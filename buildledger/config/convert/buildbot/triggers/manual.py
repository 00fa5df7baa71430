"""`ForceScheduler` → manual triggers, and its parameters → inputs."""

from __future__ import annotations

import re
from typing import Any

from buildledger.config.convert.buildbot import described
from buildledger.config.convert.buildbot.described import Thing, Value
from buildledger.config.convert.buildbot.names import identifier
from buildledger.config.convert.buildbot.site import UNSET, items
from buildledger.config.convert.buildbot.triggers.trigger import NewTrigger, OldScheduler

Spec = dict[str, Any]

_ASKED_ANYWAY = frozenset({"reason", "username", "priority", "branch", "revision", "repository", "project", "owner"})
"""What people are asked for here whatever the trigger says, or what has no meaning."""
_KNOWN = frozenset(
    {"name", "label", "tablabel", "default", "choices", "strict", "multiple", "regex", "required", "fields", "maxsize"}
    | {"size", "cols", "rows", "layout", "columns", "hide", "type", "fullName"}
)
"""Arguments of parameters: what an input has too, and how Buildbot's form shows them."""


def force(old: OldScheduler) -> list[NewTrigger]:
    """Builds that a person asks for."""
    build = old.builders()
    keys: dict[str, Any] = {"on": "manual", "name": old.name, "build": build}
    asked: dict[str, Spec] = {}
    for parameter in items(old.argument("properties")):
        _collect(old, parameter, asked)
    for codebase in items(old.argument("codebases")):
        _remark_codebase(old, codebase)
    for name, spec in asked.items():
        holders = [each for each in build if name in old.built[each].inputs]
        for each in holders:
            old.built[each].inputs[name] = spec
        if len(holders) < len(build):
            keys.setdefault("inputs", {})[name] = spec
    return [NewTrigger(keys)]


def _collect(old: OldScheduler, parameter: Value, asked: dict[str, Spec]) -> None:
    """The inputs of a parameter; of one that holds others theirs."""
    if not isinstance(parameter, Thing):
        return
    kind = old.site.extracted.base_among(parameter, _KINDS)
    name = _text(_known(parameter, "name"))
    _remark_unknown(old, parameter, name)
    if kind == "NestedParameter":
        for field in items(_known(parameter, "fields")):
            _collect(old, field, asked)
    elif kind == "FixedParameter":
        old.entry.note(f"parameter '{name}'", "nobody is asked for it", f"set the property '{name}' in the builders")
    elif kind is None or kind in _LATER:
        instead = "commit the file, or push a branch" if kind else "choose a type of input"
        old.entry.note(
            f"parameter '{name}'", f"a {old.site.extracted.class_of(parameter).name} has no counterpart", instead
        )
    elif name in _ASKED_ANYWAY:
        _remark_choice(old, parameter, name)
    elif name:
        asked[identifier(name)] = _spec(old, parameter, _KINDS[kind], name)


def _remark_codebase(old: OldScheduler, codebase: Value) -> None:
    """Of a codebase people are asked for branch and revision; what else its form has isn't there."""
    if not isinstance(codebase, Thing):
        return
    for name, parameter in codebase.arguments.items():
        if name in _ASKED_ANYWAY and isinstance(parameter, Thing):
            _remark_choice(old, parameter, name)
        elif name == "patch":
            old.entry.note("patch", "builds are made of what is committed", "push a branch")


def _remark_choice(old: OldScheduler, parameter: Thing, name: str) -> None:
    """People may name any branch, and by default it is the source's own."""
    _remark_unknown(old, parameter, name)
    default = _text(_known(parameter, "default"))
    choices = [_text(each) for each in items(parameter.arguments.get("choices"))]
    if name in ("branch", "revision") and (default or choices):
        said = f"by default {default!r}" if default else f"one of {', '.join(choices)}"
        old.entry.note(
            f"parameter '{name}'",
            f"it was {said}; here whoever asks for a build names any, and if none is named the source's own is taken",
            "give the source that `default_branch`" if name == "branch" and default else "",
        )


def _remark_unknown(old: OldScheduler, parameter: Thing, name: str) -> None:
    for argument, value in parameter.arguments.items():
        if argument not in _KNOWN and value not in UNSET:
            old.entry.note(f"parameter '{name}'", f"an input has no '{argument}'")


_KINDS: dict[str, str] = {
    "NestedParameter": "",
    "FixedParameter": "",
    "FileParameter": "",
    "PatchParameter": "",
    "UserNameParameter": "string",
    "IntParameter": "integer",
    "BooleanParameter": "boolean",
    "ChoiceStringParameter": "string",
    "TextParameter": "string",
    "StringParameter": "string",
}
"""By class; the nearest base counts."""
_LATER = frozenset({"FileParameter", "PatchParameter"})


def _spec(old: OldScheduler, parameter: Thing, kind: str, name: str) -> Spec:
    choices = [str(each) for each in items(_known(parameter, "choices")) if isinstance(each, str | int)]
    several = _known(parameter, "multiple") is True
    spec: Spec = {"type": "list"} if several else {"type": kind} if kind != "string" else {}
    label = _text(_known(parameter, "label")).strip().rstrip(":")
    if label and label != name:
        spec["description"] = label
    if choices and (several or _known(parameter, "strict") is not False):
        spec["enum"] = choices
    if isinstance(pattern := _known(parameter, "regex"), str | described.Regex) and kind == "string" and not choices:
        spec["pattern"] = pattern.pattern if isinstance(pattern, described.Regex) else pattern
    default = _known(parameter, "default")
    spec["default"] = _default(default, kind, spec.get("enum", []), several=several)
    if isinstance(default, str) and default and "enum" in spec and not several and default != spec["default"]:
        old.entry.note(
            f"parameter '{name}'",
            f"its default {default!r} is none of its choices: the first of them is taken",
            "add it to the `enum` if it means something",
        )
    if _known(parameter, "required") is True and "default" not in parameter.arguments:
        # Without a default nothing else could build the builder.
        old.entry.note(f"parameter '{name}'", "it had to be given", "take its `default` out if only people build it")
    if "pattern" in spec and spec["default"] == "":
        spec["pattern"] = f"^$|{spec['pattern']}"
    if "pattern" in spec and re.search(spec["pattern"], spec["default"]) is None:
        old.entry.note(f"parameter '{name}'", f"its default doesn't match {spec.pop('pattern')!r}", "say a `pattern`")
    return spec


def _default(value: Value, kind: str, choices: list[str], *, several: bool) -> Any:
    if several:
        return [str(each) for each in items(value) if str(each) in choices]
    if kind == "boolean":
        return value is True
    if kind == "integer":
        return value if isinstance(value, int) and not isinstance(value, bool) else 0
    text = _text(value)
    return text if not choices or text in choices else choices[0]


def _known(parameter: Thing, name: str) -> Value:
    """Of the parameter, or of its class."""
    return parameter.attributes.get(name, parameter.arguments.get(name))


def _text(value: Value) -> str:
    return value if isinstance(value, str) else ""
