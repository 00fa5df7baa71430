"""The types of single values in the file: names, texts, durations, sizes, branch patterns, paths.

Each says itself what is wrong with a value, in the words of this format, as a `PydanticCustomError` whose context may
have a `hint`, and an `at`: the key inside the value that the fault is about.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler, PlainValidator, WithJsonSchema
from pydantic_core import CoreSchema, PydanticCustomError, core_schema

from buildledger.config import globs, limits, paths
from buildledger.config.fields import value_schemas
from buildledger.config.reading import scalars


def fault(code: str, message: str, hint: str = "", at: str | int | None = None) -> PydanticCustomError:
    """A problem for a validator to raise."""
    context = {"message": message, "hint": hint} | ({"at": at} if at is not None else {})
    return PydanticCustomError(code, "{message}", context)


_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f\x7f]")


def read_text(value: Any, *, limit: int = limits.TEXT_CHARACTERS) -> str:
    """Text, or a whole number written the one usual way; other numbers and booleans are traps, named as such."""
    if isinstance(value, scalars.Whole) and str(value) == value.source:
        return value.source
    if isinstance(value, bool | int | float):
        written = scalars.written(value)
        raise fault("quote-it", f"{written} was read as {scalars.describe(value)}: quote it", f'write "{written}"')
    if not isinstance(value, str):
        raise fault("type", f"expected text, found {scalars.describe(value)}")
    if len(value) > limit:
        raise fault("limit-text", f"this text has {len(value)} characters, at most {limit} are allowed")
    if _CONTROL.search(value):
        raise fault("control-character", "this text holds a control character")
    return value


def _script(value: Any) -> str:
    if isinstance(value, dict):
        raise fault(
            "type",
            "a script is fixed text: nothing is put into it",
            "give it data through env, and read the variable in the script",
        )
    text = read_text(value, limit=limits.SCRIPT_CHARACTERS)
    if not text.strip():
        raise fault("type", "the script is empty")
    return text


_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]*\Z")
_IDENTIFIER = re.compile(r"[A-Za-z_][A-Za-z0-9_]*\Z")
_VARIABLE = re.compile(r"[A-Za-z_][A-Za-z0-9_.()-]*\Z")


def read_name(value: Any) -> str:
    """The name of a builder, a source, a worker and the like."""
    text = _short(value)
    if not _NAME.match(text):
        raise fault("name", f"'{text}' is no name", "letters, digits, _ . and -, beginning with a letter, digit or _")
    return text


def read_identifier(value: Any) -> str:
    """The name of an input, a property or an axis, as expressions can write it."""
    text = _short(value)
    if not _IDENTIFIER.match(text):
        raise fault("name", f"'{text}' is no name", "letters, digits and _, not beginning with a digit")
    if text in value_schemas.RESERVED:
        raise fault("name", f"'{text}' is a reserved word of the expression language", "choose another name")
    return text


def _variable(value: Any) -> str:
    text = _short(value)
    if not _VARIABLE.match(text):
        raise fault("name", f"'{text}' is no name of an environment variable")
    return text


def _short(value: Any) -> str:
    text = read_text(value)
    if len(text) > limits.NAME_CHARACTERS:
        raise fault("name", f"a name has at most {limits.NAME_CHARACTERS} characters, this one {len(text)}")
    return text


_DURATION = re.compile(r"(?:(\d{1,9})d)?(?:(\d{1,9})h)?(?:(\d{1,9})m)?(?:(\d{1,9})s)?(?:(\d{1,9})ms)?\Z")
_SECONDS = (86_400.0, 3_600.0, 60.0, 1.0, 0.001)


def _duration(value: Any) -> float:
    if isinstance(value, int | float) and not isinstance(value, bool):
        written = scalars.written(value)
        raise fault("duration", f"{written} has no unit", f"write {written}s or {written}m")
    text = read_text(value)
    match = _DURATION.match(text)
    if not text or match is None:
        raise fault("duration", f"'{text}' is no duration", _duration_meant(text))
    seconds = sum(int(group) * unit for group, unit in zip(match.groups(), _SECONDS, strict=True) if group)
    if seconds > limits.DURATION_SECONDS:
        raise fault("duration", f"'{text}' is longer than {limits.DURATION_SECONDS // 86_400} days")
    return seconds


_CLOCK = re.compile(r"(\d{1,2}):([0-5]\d)\Z")
_WORDS = re.compile(r"(\d+) ?(d|h|m|s)(?:ays?|ours?|rs?|in(?:ute)?s?|ec(?:ond)?s?)\Z", re.IGNORECASE)
_FRACTION = re.compile(r"\d*[.,]\d+ ?(?:d|h|m|s|ms)\Z")


def _duration_meant(text: str) -> str:
    """What to write for a time that is written as elsewhere."""
    if clock := _CLOCK.match(text):
        return f"write {int(clock[1])}h{int(clock[2])}m or {int(clock[1])}m{int(clock[2])}s"
    if words := _WORDS.match(text):
        return f"write {words[1]}{words[2].lower()}"
    if _FRACTION.match(text):
        return "whole numbers only, such as 1h30m"
    if _DURATION.match(text.replace(" ", "").lower()):
        return f"write {text.replace(' ', '').lower()}"
    if re.fullmatch(r"(?:\d+(?:d|h|m|s|ms))+", text):
        return "the larger unit stands first, and each once: 1h30m"
    return "write 90s, 20m, 1h30m or 2d"


def _positive_duration(value: Any) -> float:
    if (seconds := _duration(value)) <= 0:
        raise fault("duration", "this has to be longer than nothing", "write 'never' to switch it off")
    return seconds


def _duration_or_never(value: Any) -> float | None:
    return None if value == "never" else _positive_duration(value)


_SIZE = re.compile(r"(\d{1,12}) ?(B|kB|MB|GB|KiB|MiB|GiB)\Z")
_BYTES = {"B": 1, "kB": 10**3, "MB": 10**6, "GB": 10**9, "KiB": 1 << 10, "MiB": 1 << 20, "GiB": 1 << 30}


def _size(value: Any) -> int:
    if isinstance(value, int | float) and not isinstance(value, bool):
        raise fault("size", f"{scalars.written(value)} has no unit", f"write {scalars.written(value)}MB")
    text = read_text(value)
    if not (match := _SIZE.match(text)):
        meant = re.match(r"(\d+) ?([kKmMgG])i?[bB]?\Z", text)
        hint = (
            f"write {meant[1]}{meant[2].upper().replace('K', 'k')}B"
            if meant
            else f"a whole number and one of {', '.join(_BYTES)}"
        )
        raise fault("size", f"'{text}' is no size", hint)
    size = int(match[1]) * _BYTES[match[2]]
    if not 0 < size <= limits.UPLOAD_BYTES:
        raise fault("size", f"'{text}' is not between 1 byte and {limits.UPLOAD_BYTES >> 30} GiB")
    return size


def _branch(value: Any) -> str:
    text = read_text(value)
    if text.startswith("-") or any(mark in text for mark in ("*", "?")) or globs.fault(text):
        raise fault("branch", f"'{text}' is no branch name", "one name, without wildcards and not beginning with -")
    return text


def _branch_pattern(value: Any) -> str:
    text = read_text(value)
    if reason := globs.fault(text):
        raise fault("branch", reason)
    return text


def _path(value: Any) -> str:
    text = read_text(value)
    if reason := paths.fault(text):
        raise fault("path", reason)
    return text.rstrip("/") or "."


def _filter(value: Any) -> str:
    text = read_text(value)
    if not re.match(r"(?:blob:none|tree:0|blob:limit=\d{1,9}[kmg]?)\Z", text):
        raise fault("filter", f"'{text}' is no filter", "blob:none, tree:0 or blob:limit=1m")
    return text


def _boolean(value: Any) -> bool:
    if isinstance(value, bool):
        return value
    if isinstance(value, str) and value.lower() in {"yes", "no", "on", "off", "y", "n", "true", "false"}:
        meant = "true" if value.lower() in {"yes", "on", "y", "true"} else "false"
        raise fault(
            "boolean", f"{value} was read as text: YAML 1.2 knows true and false", f"write {meant}, without quotes"
        )
    raise fault("boolean", f"expected true or false, found {scalars.describe(value)}")


def read_whole(value: Any) -> int:
    """A whole number."""
    if isinstance(value, int) and not isinstance(value, bool):
        return int(value)
    if isinstance(value, str) and re.match(r"-?\d+\Z", value):
        raise fault("type", f"expected a whole number, found the text '{value}'", "write it without quotes")
    found = scalars.written(value) if isinstance(value, float) else scalars.describe(value)
    raise fault("type", f"expected a whole number, found {found}")


@dataclass(frozen=True)
class WholeBetween:
    """A whole number from `least` to `most`, both included."""

    least: int
    most: int

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        """How pydantic reads it."""
        return core_schema.no_info_plain_validator_function(self.read)

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        """What the JSON Schema says of it."""
        return {"type": "integer", "minimum": self.least, "maximum": self.most}

    def read(self, value: Any) -> int:
        """The number."""
        number = read_whole(value)
        if number < self.least:
            raise fault("range", f"{number} where at least {self.least} may stand")
        if number > self.most:
            raise fault("range", f"{number} where at most {self.most} may stand")
        return number


Text = Annotated[str, PlainValidator(read_text), WithJsonSchema(value_schemas.TEXT)]
Script = Annotated[str, PlainValidator(_script), WithJsonSchema(value_schemas.SCRIPT)]
Name = Annotated[str, PlainValidator(read_name), WithJsonSchema(value_schemas.NAME)]
Identifier = Annotated[str, PlainValidator(read_identifier), WithJsonSchema(value_schemas.IDENTIFIER)]
Variable = Annotated[str, PlainValidator(_variable), WithJsonSchema(value_schemas.VARIABLE)]
Duration = Annotated[float, PlainValidator(_duration), WithJsonSchema(value_schemas.DURATION)]
DurationOrNever = Annotated[
    float | None, PlainValidator(_duration_or_never), WithJsonSchema(value_schemas.DURATION_OR_NEVER)
]
Size = Annotated[int, PlainValidator(_size), WithJsonSchema(value_schemas.SIZE)]
Branch = Annotated[str, PlainValidator(_branch), WithJsonSchema(value_schemas.BRANCH)]
BranchPattern = Annotated[str, PlainValidator(_branch_pattern), WithJsonSchema(value_schemas.BRANCH_PATTERN)]
RelativePath = Annotated[str, PlainValidator(_path), WithJsonSchema(value_schemas.RELATIVE_PATH)]
PartialClone = Annotated[str, PlainValidator(_filter), WithJsonSchema(value_schemas.PARTIAL_CLONE)]
Boolean = Annotated[bool, PlainValidator(_boolean), WithJsonSchema(value_schemas.BOOLEAN)]
