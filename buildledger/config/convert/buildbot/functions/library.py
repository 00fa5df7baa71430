"""Python's own functions and methods, on data and on symbols."""

from __future__ import annotations

import posixpath
from collections.abc import Sequence
from typing import Any

from buildledger.config.convert.buildbot.functions.operations import is_known
from buildledger.config.convert.buildbot.functions.symbols import (
    Text,
    TooMuchError,
    Truth,
    expression,
    parts_of,
    text,
    truth,
)
from buildledger.config.convert.buildbot.references import BUILD_DIRECTORY

BUILTINS = frozenset({"str", "bool", "any", "all", "len", "list", "tuple", "dict", "int", "sorted"})
_TEXT_METHODS = frozenset(
    {"lower", "upper", "strip", "lstrip", "rstrip", "replace", "startswith", "endswith", "split", "title"}
    | {"capitalize", "removeprefix", "removesuffix", "rpartition", "partition", "zfill"}
)
_DATA_FUNCTIONS = {"len": len, "list": list, "tuple": list, "dict": dict, "int": int, "sorted": sorted}


def function(name: str, given: Sequence[Any]) -> Any:
    """What a function gives back.

    Raises:
        TooMuchError: It isn't one of these, or not with such arguments.
    """
    short = name.removeprefix("os.path.").removeprefix("posixpath.").removeprefix("ntpath.")
    match short, list(given):
        case "str", [value]:
            return text(parts_of(value))
        case "bool", [value]:
            condition = truth(value)
            return condition if isinstance(condition, bool) else Truth(condition)
        case ("any" | "all") as name_of_all, [list() as values]:
            return _all(values, decides=name_of_all == "any")
        case (("operator.or_" | "or_"), [dict() as left, dict() as right]):
            return {**left, **right}
        case (("operator.concat" | "operator.add" | "concat" | "add"), [left, right]):
            return text([*parts_of(left), *parts_of(right)])
        case "join", [first, *others] if short != name:
            return _path([first, *others])
        case "normpath", [path]:
            return _normal(path)
        case (("basename" | "dirname"), [str() as path]) if short != name:
            return getattr(posixpath, short)(path)
    if short in _DATA_FUNCTIONS and is_known(list(given)):
        try:
            return _DATA_FUNCTIONS[short](*given)  # type: ignore[operator]
        except (TypeError, ValueError):
            raise TooMuchError from None
    raise TooMuchError(name)


def method(holder: Any, name: str, given: Sequence[Any]) -> Any:
    """What a method of a text, a list or a dictionary gives back. Raises as `function`."""
    if isinstance(holder, dict) and name == "get" and given and is_known(given[0]):
        return holder.get(given[0], given[1] if len(given) > 1 else None)
    if isinstance(holder, str) and name == "join" and len(given) == 1 and isinstance(given[0], list):
        parts = [part for index, each in enumerate(given[0]) for part in ([holder] * bool(index) + parts_of(each))]
        return text(parts)
    if isinstance(holder, str) and name == "format" and "{" in holder:
        return _format(holder, list(given))
    if isinstance(holder, str) and name in _TEXT_METHODS and is_known(list(given)):
        return _listed(getattr(holder, name)(*given))
    if isinstance(holder, Text):
        return _of_symbol(holder, name, given)
    raise TooMuchError(name)


def _of_symbol(holder: Text, name: str, given: Sequence[Any]) -> Any:
    match name, list(given):
        case (("startswith" | "endswith"), [(str() | Text()) as other]):
            called = {"startswith": "startsWith", "endswith": "endsWith"}[name]
            cel = expression(holder)
            return Truth(f"{f'({cel})' if ' ' in cel else cel}.{called}({expression(other)})")
        case (("startswith" | "endswith"), [list() as others]) if others:
            found = [_of_symbol(holder, name, [each]).cel for each in others]
            return Truth(" || ".join(found))
        case "replace", ["\\", "/"] if holder.parts[0] == BUILD_DIRECTORY:
            # Of a worker on Windows the directory has backslashes: the path itself is the same.
            fixed = [part.replace("\\", "/") if isinstance(part, str) else part for part in holder.parts]
            return text(fixed)
    raise TooMuchError(name)


def _all(values: list[Any], *, decides: bool) -> Any:
    found: list[str] = []
    for each in values:
        condition = truth(each)
        if condition is decides:
            return decides
        if isinstance(condition, str):
            found.append(condition)
    if not found:
        return not decides
    return Truth((" || " if decides else " && ").join(f"({each})" for each in found))


def _path(pieces: list[Any]) -> Any:
    if any(isinstance(piece, str) and piece.startswith("/") for piece in pieces[1:]):
        raise TooMuchError
    return method("/", "join", [pieces])


def _normal(path: Any) -> Any:
    """Of a path below the build's directory the part that is known."""
    if isinstance(path, str):
        return posixpath.normpath(path)
    if (
        isinstance(path, Text)
        and path.parts[0] == BUILD_DIRECTORY
        and all(isinstance(part, str) for part in path.parts[1:])
    ):
        below = posixpath.normpath("".join(["/", *map(str, path.parts[1:])]).replace("//", "/")).rstrip("/")
        return text([BUILD_DIRECTORY, below])
    raise TooMuchError


def _format(form: str, given: list[Any]) -> Any:
    """`'{}-{}'.format(…)`, with nothing in the braces but a number."""
    pieces = form.replace("{{", "\0").replace("}}", "\1").split("{")
    parts = parts_of(pieces[0])
    for index, piece in enumerate(pieces[1:]):
        number, brace, after = piece.partition("}")
        if not brace or not (number == "" or number.isdigit()):
            raise TooMuchError
        position = int(number) if number else index
        if position >= len(given):
            raise TooMuchError
        parts += [*parts_of(given[position]), after]
    return text([part.replace("\0", "{").replace("\1", "}") if isinstance(part, str) else part for part in parts])


def _listed(value: Any) -> Any:
    return list(value) if isinstance(value, tuple) else value
