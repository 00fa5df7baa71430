"""Types that don't go together: what stands on both sides of an operator, and what is handed to a function."""

from __future__ import annotations

import re

from buildledger.config.expressions.cel_errors.found import Found, Said, short

_TYPES = {
    "string": "text",
    "int": "a whole number",
    "int64": "a whole number",
    "uint": "a whole number",
    "double": "a fraction",
    "bool": "true or false",
    "null_type": "nothing (null)",
    "list(string)": "a list of texts",
    "list": "a list",
    "map": "a mapping",
    "bytes": "bytes",
    "dyn": "anything",
}
_OVERLOAD = re.compile(r"found no matching overload for '([^']*)' applied to '\((.*)\)'")
_OPERAND = r"""'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*"|[\w.]+(?:\[[^\]]*\])?(?:\([^()]*\))?"""
_AFTER = re.compile(rf"\s*(?:&&|\|\||[=!<>]=?|in\b|[-+*/%])\s*({_OPERAND})")
_BEFORE = re.compile(rf"({_OPERAND})\s*$")


def spelled(name: str) -> str:
    """A type of the engine in words."""
    name = name.strip().removeprefix("(").removesuffix(")") if name.startswith("((") else name.strip()
    if name in _TYPES:
        return _TYPES[name]
    if name.startswith("list("):
        inner = name[5:-1]
        return "a list" if inner not in _TYPES or "%" in inner else f"a list of {_plural(inner)}"
    return "a mapping" if name.startswith("map") else "another type"


def _plural(name: str) -> str:
    return {"string": "texts", "int": "whole numbers", "double": "fractions", "bool": "true and false"}.get(
        name, "values"
    )


def overload(found: Found) -> Said | None:
    """An operator or a function that doesn't take what it is given; None if this is another fault."""
    match = _OVERLOAD.search(found.text)
    if not match:
        return None
    name, types = match[1], _split(match[2])
    if name in ("_==_", "_!=_", "_<_", "_<=_", "_>_", "_>=_"):
        return _compared(found, name.strip("_"), types)
    if name in ("_&&_", "_||_"):
        return _joined(found, name.strip("_"), types)
    if name == "@in":
        return _contained(found, types)
    if name == "_[_]":
        return _indexed(types)
    if name == "_?_:_":
        return _chosen(types)
    if name in ("!_", "-_"):
        wanted = "true or false" if name == "!_" else "a number"
        return Said(
            f"'{name[0]}' stands before {wanted}, but this is {spelled(types[0])}",
            _emptiness(found, types[0]) if name == "!_" else "",
        )
    if re.fullmatch(r"_.+_", name):
        return _computed(name.strip("_"), types)
    return _called(found, name, types)


def select(found: Found) -> Said | None:
    """A field asked of something that has none; None if this is another fault."""
    match = re.search(r"expression of type '(.*)' cannot be the operand of a select", found.text)
    if not match:
        return None
    kind, field = match[1], (re.match(r"\.?(\w+)", found.rest) or ["", "…"])[1]
    holder = (_BEFORE.search(found.before) or ["", "…"])[1]
    if field in ("length", "size", "len", "count"):
        return Said(f"{spelled(kind)} has no '.{field}'", f"write size({short(holder)})")
    return Said(f"{spelled(kind)} has no '.{field}'")


def _compared(found: Found, operator: str, types: list[str]) -> Said:
    left, right = types
    message = f"'{operator}' compares {spelled(left)} with {spelled(right)}, which are never the same"
    if operator not in ("==", "!="):
        message = f"'{operator}' can't compare {spelled(left)} with {spelled(right)}"
    after = (_AFTER.match(found.rest) or ["", ""])[1]
    before = (_BEFORE.search(found.before) or ["", ""])[1]
    if "null_type" in types:
        return Said(
            message, "a text that isn't known is empty: ''; has(worker.labels.gpu) asks whether a label is there"
        )
    if {"string", "int"} == set(types):
        number, text = (before, after) if left == "int" else (after, before)
        if text[:1] in ("'", '"') and re.fullmatch(r"-?\d+", text[1:-1]):
            return Said(message, f"write {text[1:-1]}, without quotes")
        return Said(
            message,
            f"write '{number}', in quotes"
            if number.isdigit()
            else "string(…) makes text of a number, int(…) a number of text",
        )
    if {"bool", "string"} == set(types):
        flag, text = (before, after) if left == "bool" else (after, before)
        meant = text[1:-1].lower() if text[:1] in ("'", '"') else ""
        if meant in ("true", "yes", "on", "1"):
            return Said(message, f"write {short(flag)} alone")
        return Said(
            message,
            f"write !{short(flag)}" if meant in ("false", "no", "off", "0") else "true and false stand without quotes",
        )
    if "list(string)" in types and "string" in types:
        one, many = (before, after) if left == "string" else (after, before)
        return Said(message, f"write {short(one)} in {short(many)}" if one and many else "write 'x' in LIST")
    if {"int", "double"} == set(types):
        return Said(message, "compare with a whole number")
    if any(kind.startswith("list") for kind in types) and "int" in types:
        return Said(message, "size(…) tells how many there are")
    if any(kind.startswith("map") for kind in types):
        return Said(message, "ask for one of them: worker.labels.os")
    return Said(message)


def _joined(found: Found, operator: str, types: list[str]) -> Said:
    side, kind = ("left", types[0]) if types[0] not in ("bool", "dyn") else ("right", types[1])
    message = f"on both sides of '{operator}' stand conditions, but on its {side} is {spelled(kind)}"
    again = re.search(rf"({_OPERAND})\s*==\s*({_OPERAND})\s*$", found.before)
    other = (_AFTER.match(found.rest) or ["", ""])[1]
    if side == "right" and again and other[:1] in ("'", '"'):
        return Said(
            message,
            f"write {again[1]} == {again[2]} {operator} {again[1]} == {other}, or {again[1]} in [{again[2]}, {other}]",
        )
    return Said(message, _emptiness(found, kind))


def _emptiness(found: Found, kind: str) -> str:
    if kind == "string":
        return "whether a text is empty is asked by == ''"
    return "whether a list is empty is asked by size(…) == 0" if kind.startswith("list") else ""


def _contained(found: Found, types: list[str]) -> Said:
    element, holder = types
    if holder == "string":
        after, before = (_AFTER.match(found.rest) or ["", "…"])[1], (_BEFORE.search(found.before) or ["", "…"])[1]
        return Said(
            "'in' asks whether something is in a list, but on its right is text",
            f"write {short(after)}.contains({short(before)})",
        )
    if holder.startswith(("list", "map")):
        return Said(
            f"'in' looks for {spelled(element)} among {'texts' if 'string' in holder else spelled(holder)}",
            "a number in quotes is text: '3'" if element == "int" else "",
        )
    return Said(f"'in' asks whether something is in a list, but on its right is {spelled(holder)}")


def _indexed(types: list[str]) -> Said:
    holder, index = types
    if holder == "string":
        return Said("a part of a text can't be had by [ ]", "ask with .startsWith('…') or .matches('…')")
    if holder.startswith("list"):
        return Said(
            f"elements of a list are numbered, but in [ ] is {spelled(index)}",
            "write 'x' in LIST to ask whether it is there",
        )
    if holder.startswith("map"):
        return Said(f"a label is asked for by its name, but in [ ] is {spelled(index)}", "write worker.labels.os")
    return Said(f"[ ] can't be asked of {spelled(holder)}")


def _chosen(types: list[str]) -> Said:
    condition, one, other = types
    if one.startswith("list") and "%" in other:
        return Said(f"what a list is filtered by gives true or false, but this gives {spelled(condition)}")
    if condition not in ("bool", "dyn"):
        return Said(f"before '?' stands a condition, but this is {spelled(condition)}")
    return Said(f"both values of '? :' are of one type, but one is {spelled(one)} and the other {spelled(other)}")


def _computed(operator: str, types: list[str]) -> Said:
    left, right = types
    hint = "string(…) makes text of a number" if "string" in types and "int" in types else ""
    return Said(f"'{operator}' can't be used with {spelled(left)} and {spelled(right)}", hint)


def _called(found: Found, name: str, types: list[str]) -> Said:
    owner, *given = types
    holder = (re.search(rf"({_OPERAND})\.{name}$", found.before) or ["", "…"])[1]
    if owner.startswith("list") and name in ("contains", "startsWith", "endsWith", "matches"):
        argument = (re.match(r"\(([^()]*)\)", found.rest) or ["", "…"])[1]
        if name == "contains":
            return Said("'contains' is for text, and this is a list", f"write {short(argument)} in {short(holder)}")
        return Said(
            f"'{name}' is for text, and this is a list", f"write {short(holder)}.exists(f, f.{name}({short(argument)}))"
        )
    if name == "size":
        return Said(f"'size' counts texts and lists, and this is {spelled(owner)}")
    if not given:
        return Said(f"'{name}' can't be used with {spelled(owner)}")
    wrong = next((kind for kind in given if kind != "string"), None)
    if owner == "string" and wrong:
        return Said(f"'{name}' wants text in its brackets, and finds {spelled(wrong)}", "a text stands in quotes")
    return Said(f"'{name}' can't be used with {' and '.join(map(spelled, types))}")


def _split(types: str) -> list[str]:
    """`string, map(string, string)` → its two types."""
    parts, depth, part = [], 0, ""
    for sign in types:
        depth += (sign == "(") - (sign == ")")
        if sign == "," and not depth:
            parts.append(part.strip())
            part = ""
        else:
            part += sign
    return [*parts, part.strip()]
