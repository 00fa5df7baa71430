"""What pydantic found → problems of the file, in the words of this format and at the right place."""

from __future__ import annotations

import re
from typing import Any

from pydantic import ValidationError

from buildledger.config.foreign.shapes import instead_of
from buildledger.config.problems.problem import Path, did_you_mean
from buildledger.config.reading import scalars
from buildledger.config.reading.document import Document
from buildledger.wording import plural

KEY = "[key]"
"""What pydantic puts at the end of a location when the fault is in a key itself."""

_UNREAD = frozenset({"number-range", "yaml-character"})
"""What is said of a value that couldn't be read, in whose place nothing stands: its type is no second fault."""
_EXPECTED = {
    "bool_type": "true or false",
    "dict_type": "a mapping",
    "float_type": "a number",
    "int_type": "a whole number",
    "list_type": "a list",
    "model_type": "a mapping",
    "string_type": "text",
}


def report(document: Document, prefix: Path, error: ValidationError) -> None:
    """Add every fault of a validation that was made of what stands at `prefix`."""
    for details in error.errors(include_url=False):
        _report(document, prefix, details)


def _report(document: Document, prefix: Path, details: Any) -> None:
    location = tuple(details["loc"])
    context = details.get("ctx", {})
    kind, found = details["type"], details["input"]
    if location and location[-1] == KEY:
        document.add(kind, prefix + location[:-1], details["msg"], str(context.get("hint", "")), at_key=True)
    elif "hint" in context:
        at = context.get("at")
        path = prefix + location + ((at,) if at is not None else ())
        if kind in ("type", "boolean") and at is None and not context["hint"]:
            _wrong_type(document, path, found, details["msg"], "", code=kind)
            return
        if kind == "type" and at is None:
            _wrong_type(document, path, found, details["msg"], context["hint"])
            return
        # A key that is at fault is named by its message; for the value of `on` the message has the value.
        at_key = kind in ("unknown-key", "not-built") and (at is None or f"'{at}'" in details["msg"])
        document.add(kind, path, details["msg"], context["hint"], at_key=at_key)
    elif kind == "missing":
        document.add("missing-key", prefix + location, f"missing key '{location[-1]}'")
    elif kind == "literal_error":
        _wrong_choice(document, prefix + location, found, context["expected"])
    elif kind in _EXPECTED:
        message = f"expected {_EXPECTED[kind]}, found {scalars.describe(found)}"
        _wrong_type(document, prefix + location, found, message, "")
    elif kind in ("too_short", "too_long"):
        _wrong_length(document, prefix + location, found, context)
    elif kind in ("greater_than_equal", "less_than_equal"):
        size, bound = ("small", "least") if "ge" in context else ("large", "most")
        message = f"{scalars.written(found)} is too {size}: at {bound} {context.get('ge', context.get('le'))}"
        document.add("range", prefix + location, message)
    else:
        document.add("value", prefix + location, details["msg"])


def _wrong_type(document: Document, path: Path, found: Any, message: str, hint: str, *, code: str = "type") -> None:
    """A value of another type than is wanted; a key with nothing behind it is named as such."""
    mark = document.mark(path)
    if any(each.code in _UNREAD and (each.line, each.column) == mark for each in document.problems):
        return
    if found is None and path and isinstance(path[-1], str):
        document.add(code, path, f"'{path[-1]}' has no value", instead_of(path, found) or hint, at_key=True)
    else:
        document.add(code, path, message, instead_of(path, found) or hint)


def _wrong_choice(document: Document, path: Path, found: Any, expected: str) -> None:
    choices = re.findall(r"[^', ]+(?=')|\b\d+", expected)
    if found is None:
        document.add("value", path, f"'{path[-1]}' has no value", _one_of(choices), at_key=True)
        return
    written = scalars.describe(found) if isinstance(found, list | dict) else f"'{scalars.written(found)}'"
    guess = did_you_mean(str(found), choices)
    hint = _one_of(choices) if guess else instead_of(path, found) or _one_of(choices)
    document.add("value", path, f"{written} can't stand here{guess}", hint)


def _one_of(choices: list[str]) -> str:
    return f"one of {', '.join(choices)}" if len(choices) > 1 else f"only '{choices[0]}' can"


def _wrong_length(document: Document, path: Path, found: Any, context: dict[str, Any]) -> None:
    kind = "mapping" if isinstance(found, dict) else "list"
    if not found:
        document.add("range", path, f"this {kind} is empty: at least one entry is needed")
        return
    bound = f"at most {context['max_length']}" if "max_length" in context else f"at least {context['min_length']}"
    count = plural(len(found), "entry", "entries")
    document.add("range", path, f"this {kind} has {count}, {bound} may stand here")
