"""What pydantic found → problems of the file, in the words of this format and at the right place."""

from __future__ import annotations

import re
from typing import Any

from pydantic import ValidationError

from buildledger.config import scalars
from buildledger.config.document import Document
from buildledger.config.problems import Path, did_you_mean
from buildledger.wording import plural

KEY = "[key]"
"""What pydantic puts at the end of a location when the fault is in a key itself."""

_EXPECTED = {
    "bool_type": "true or false",
    "dict_type": "a mapping",
    "float_type": "a number",
    "int_type": "a whole number",
    "list_type": "a list",
    "model_type": "a mapping",
    "string_type": "text",
}
_BOUNDS = {
    "greater_than_equal": "at least {ge}",
    "less_than_equal": "at most {le}",
    "too_long": "at most {max_length}",
    "too_short": "at least {min_length}",
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
        # A key that is at fault is named by its message; for the value of `on` the message has the value.
        at_key = kind in ("unknown-key", "not-built") and (at is None or f"'{at}'" in details["msg"])
        document.add(kind, path, details["msg"], context["hint"], at_key=at_key)
    elif kind == "missing":
        document.add("missing-key", prefix + location, f"missing key '{location[-1]}'")
    elif kind == "literal_error":
        choices = re.findall(r"'([^']*)'", context["expected"])
        written = scalars.describe(found) if isinstance(found, list | dict) else scalars.written(found)
        guess = did_you_mean(written, choices)
        document.add(
            "value", prefix + location, f"'{written}' can't stand here{guess}", f"one of {context['expected']}"
        )
    elif kind in _EXPECTED:
        document.add("type", prefix + location, f"expected {_EXPECTED[kind]}, found {scalars.describe(found)}")
    elif kind in _BOUNDS:
        bound = _BOUNDS[kind].format(**context)
        what = plural(len(found), "entry", "entries") if hasattr(found, "__len__") else scalars.written(found)
        document.add("range", prefix + location, f"{what} where {bound} may stand")
    else:
        document.add("value", prefix + location, details["msg"])
