"""What the JSON Schema says of single values: what `fields.py` and `nodes.py` read, as patterns of ECMAScript.

A test holds both against each other (tests/config/test_schema.py).
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from buildledger.config import globs, limits

Schema = dict[str, Any]

RESERVED = frozenset(
    {"as", "break", "const", "continue", "else", "false", "for", "function", "if", "import", "in", "let", "loop"}
    | {"namespace", "null", "package", "return", "true", "var", "void", "while"}
)
"""Words that an expression can't use as a name."""


def _text(pattern: str, **more: Any) -> Schema:
    """Whole numbers are taken as text; patterns and lengths mean only what is text already."""
    return {"type": ["string", "integer"], "maxLength": limits.TEXT_CHARACTERS, "pattern": pattern, **more}


def _only_text(pattern: str, longest: int = limits.TEXT_CHARACTERS) -> Schema:
    return {"type": "string", "maxLength": longest, "pattern": pattern}


TEXT = _text(r"^[^\x00-\x08\x0b-\x1f\x7f]*$")
_NOT_BLANK = {"allOf": [{"pattern": r"\S"}]}
SCRIPT = {**TEXT, **_NOT_BLANK, "maxLength": limits.SCRIPT_CHARACTERS}
EXPRESSION = {
    **TEXT,
    **_NOT_BLANK,
    "type": ["string", "integer", "boolean"],
    "maxLength": limits.EXPRESSION_CHARACTERS,
}
NAME = _text(r"^[A-Za-z0-9_][A-Za-z0-9_.-]*$", maxLength=limits.NAME_CHARACTERS, minimum=0)
IDENTIFIER = _only_text(rf"^(?!(?:{'|'.join(sorted(RESERVED))})$)[A-Za-z_][A-Za-z0-9_]*$", limits.NAME_CHARACTERS)
VARIABLE = _only_text(r"^[A-Za-z_][A-Za-z0-9_.()-]*$", limits.NAME_CHARACTERS)
_LENGTH_OF_TIME = r"^(?=.)(\d{1,9}d)?(\d{1,9}h)?(\d{1,9}m)?(\d{1,9}s)?(\d{1,9}ms)?$"
DURATION = _only_text(_LENGTH_OF_TIME)
DURATION_OR_NEVER = _only_text(rf"^never$|(?=.*[1-9]){_LENGTH_OF_TIME}")
SIZE = _only_text(r"^(?=.*[1-9])\d{1,12} ?(B|kB|MB|GB|KiB|MiB|GiB)$")
_IN_BRANCH = r"[^\x00-\x20\x7f~^:\\\[\]*?]"
_IN_PATTERN = rf"(?:{_IN_BRANCH}|\?)*"
BRANCH = _text(rf"^(?!-|!$)!?{_IN_BRANCH}+$", minimum=0)
BRANCH_PATTERN = _text(rf"^(?!!?$)!?{_IN_PATTERN}(?:\*{_IN_PATTERN}){{0,{globs.MAX_WILDCARDS}}}$")
RELATIVE_PATH = _text(r"^(?![/~]|.:|(?:.*/)?\.\.(?:/|$))[^\x00-\x1f\x7f\\]+$")
PARTIAL_CLONE = _only_text(r"^(blob:none|tree:0|blob:limit=\d{1,9}[kmg]?)$")
BOOLEAN = {"type": "boolean"}
AXIS_VALUE = {
    "anyOf": [_text(r"^[^\x00-\x1f\x7f,\[\]]+$", maxLength=limits.NAME_CHARACTERS), BOOLEAN],
}
PRIORITY = {"type": "integer", "minimum": -limits.PRIORITY, "maximum": limits.PRIORITY}
PLAIN = (TEXT, BOOLEAN, {"type": "array", "items": TEXT})
"""Data as it is, for `any_of`."""


def any_of(plain: Iterable[Schema], kinds: Iterable[str]) -> Schema:
    """Plain data, or a value node of one of these kinds."""
    return {"anyOf": [*plain, *map(_node, kinds)]}


LISTS = ("input", "property", "expr")
"""The nodes that may give a list."""


def _node(kind: str) -> Schema:
    match kind:
        case "expr":
            properties: Schema = {kind: EXPRESSION}
        case "secret":
            properties = {kind: NAME, "mask": BOOLEAN}
        case "spread":
            properties = {kind: any_of([IDENTIFIER], LISTS)}
        case _:
            properties = {kind: IDENTIFIER}
    return {"type": "object", "properties": properties, "required": [kind], "additionalProperties": False}
