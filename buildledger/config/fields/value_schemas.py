"""What the JSON Schema says of single values: what `field_types.py` and `nodes.py` read, as patterns of ECMAScript.

A test holds both against each other (tests/config/models/test_schema.py).
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple

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
_LIST_OF_TEXTS = {"type": "array", "items": TEXT}
PRIORITY = {"type": "integer", "minimum": -limits.PRIORITY, "maximum": limits.PRIORITY}
PLAIN = (TEXT, BOOLEAN, _LIST_OF_TEXTS)
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


class Named(NamedTuple):
    """A kind of single value, as the published schema and the manual know it."""

    words: str
    """What people call it."""
    schema: Schema
    meaning: str


NAMED: dict[str, Named] = {
    "text": Named("text", TEXT, "Text; whole numbers written the usual way are taken as text."),
    "script": Named("script", SCRIPT, "Text for a shell, of one line or many."),
    "cel": Named("CEL", EXPRESSION, "An expression."),
    "name": Named("name", NAME, f"Letters, digits, `_`, `.` and `-`; at most {limits.NAME_CHARACTERS} characters."),
    "identifier": Named(
        "identifier", IDENTIFIER, "A name as expressions can write it: letters, digits and `_`, not a digit first."
    ),
    "variable": Named("variable", VARIABLE, "The name of an environment variable."),
    "duration": Named("duration", DURATION, "A length of time: `90s`, `20m`, `1h30m`, `2d`, `200ms`; 30 days at most."),
    "durationOrNever": Named("duration, or `never`", DURATION_OR_NEVER, "A length of time, or `never`."),
    "size": Named("size", SIZE, "A number of bytes: `500kB`, `10MB`, `1GiB`."),
    "branch": Named("branch", BRANCH, "The name of a branch."),
    "branchPattern": Named(
        "branch pattern",
        BRANCH_PATTERN,
        "`*` and `?` stay inside a part of the name, `**` crosses `/`, a leading `!` excludes.",
    ),
    "path": Named("path", RELATIVE_PATH, "A path inside the build's directory, with `/` on all systems."),
    "filter": Named("filter", PARTIAL_CLONE, "Of a partial clone: `blob:none`, `tree:0` or `blob:limit=1m`."),
    "boolean": Named("true or false", BOOLEAN, "`true` or `false`."),
    "axisValue": Named("axis value", AXIS_VALUE, "Text without `,`, `[` and `]`, a whole number, true or false."),
    "texts": Named("list of texts", _LIST_OF_TEXTS, "Several texts."),
    **{
        f"{kind}Node": Named(f"`{{{kind}: …}}`", _node(kind), "A value node.")
        for kind in ("input", "matrix", "property", "expr", "secret", "spread")
    },
}
"""Single values by the names that the published schema has for them."""
