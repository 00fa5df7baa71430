"""CEL, behind a port of two methods: check an expression when a file is loaded, evaluate it when a build needs it.

Variables have dotted names (`change.branch`), each with a type of its own, so that a misspelt one is an error at load.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from enum import StrEnum
from functools import lru_cache
from typing import Any, Protocol

from cel_expr_python import cel

from buildledger.config import limits
from buildledger.config.expressions.cel_errors import translate
from buildledger.config.values import Plain


class ValueType(StrEnum):
    """The types that variables and results have."""

    STRING = "text"
    INTEGER = "a whole number"
    BOOLEAN = "true or false"
    STRINGS = "a list of texts"
    LABELS = "a mapping of texts"
    ANY = "anything"


class ExpressionError(ValueError):
    """An expression is wrong, or can't be evaluated with the values at hand.

    `line` and `column` count from 1 inside the expression; 0 when the engine doesn't say.
    """

    def __init__(self, message: str, line: int = 0, column: int = 0, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.line = line
        self.column = column


class ExpressionEngine(Protocol):
    """What the rest of the room knows of an expression language."""

    def check(self, source: str, variables: Mapping[str, ValueType]) -> ValueType:
        """Compile and type-check; the type it will have.

        Raises:
            ExpressionError: For syntax, an unknown variable or function, or types that don't fit.
        """
        ...

    def evaluate(self, source: str, values: Mapping[str, Plain | Mapping[str, str]]) -> Plain:
        """What a checked expression gives with these values.

        Raises:
            ExpressionError: Also for an expression that needs more than the engine's iteration budget.
        """
        ...


ROOTS = ("build", "change", "inputs", "matrix", "properties", "worker")
"""What all variables begin with."""

_VARIABLE = re.compile(rf"(?<![\w.])(?:{'|'.join(ROOTS)})\.\w+")


@lru_cache(maxsize=4096)
def mentioned(source: str) -> frozenset[str]:
    """The variables that an expression may need: at least those it uses (text in quotes may add some)."""
    return frozenset(_VARIABLE.findall(source))


class Cel:
    """The official C++ engine. Thread-safe; a compiled expression is kept for the next evaluation."""

    def check(self, source: str, variables: Mapping[str, ValueType]) -> ValueType:
        """See `ExpressionEngine`."""
        if len(source) > limits.EXPRESSION_CHARACTERS:
            raise ExpressionError(f"an expression has at most {limits.EXPRESSION_CHARACTERS} characters")
        compiled = _compile(source, tuple(sorted(variables.items())))
        _check_patterns(source)
        return _type_of(compiled.return_type().name())

    def evaluate(self, source: str, values: Mapping[str, Plain | Mapping[str, str]]) -> Plain:
        """See `ExpressionEngine`."""
        compiled = _compile(source, tuple(sorted((name, ValueType.ANY) for name in values)))
        data = {name: list(value) if isinstance(value, tuple) else value for name, value in values.items()}
        try:
            result = compiled.eval(data=data)
        except (RuntimeError, TypeError, ValueError) as error:
            raise _evaluation_error(str(error)) from error
        if result.type().name() == "ERROR":
            raise _evaluation_error(str(result.plain_value()))
        return _plain(result.plain_value())


def _plain(value: Any) -> Plain:
    if isinstance(value, str | bool | int):
        return value
    if isinstance(value, list) and all(isinstance(element, str) for element in value):
        return tuple(value)
    kind = {"NoneType": "null", "float": "double", "list": "list", "dict": "map"}.get(type(value).__name__, "")
    raise ExpressionError(f"this gives {translate.result_type(kind)}, which can't be used here")


ENGINE: ExpressionEngine = Cel()
"""The one engine of a process."""
_CEL_TYPES = {
    ValueType.STRING: cel.Type.STRING,
    ValueType.INTEGER: cel.Type.INT,
    ValueType.BOOLEAN: cel.Type.BOOL,
    ValueType.STRINGS: cel.Type.List(cel.Type.STRING),
    ValueType.LABELS: cel.Type.Map(cel.Type.STRING, cel.Type.STRING),
    ValueType.ANY: cel.Type.DYN,
}
_RESULT_TYPES = {
    "STRING": ValueType.STRING,
    "INT": ValueType.INTEGER,
    "UINT": ValueType.INTEGER,
    "BOOL": ValueType.BOOLEAN,
    "LIST<STRING>": ValueType.STRINGS,
    "LIST<DYN>": ValueType.STRINGS,
    "DYN": ValueType.ANY,
}


def _type_of(name: str) -> ValueType:
    try:
        return _RESULT_TYPES[name.upper()]
    except KeyError:
        raise ExpressionError(f"this gives {translate.result_type(name.lower())}, which can't be used here") from None


@lru_cache(maxsize=4096)
def _compile(source: str, variables: tuple[tuple[str, ValueType], ...]) -> Any:
    try:
        return _environment(variables).compile(source)
    except (RuntimeError, TypeError, ValueError) as error:
        raise _compile_error(str(error), source) from error


@lru_cache(maxsize=1024)
def _environment(variables: tuple[tuple[str, ValueType], ...]) -> Any:
    return cel.NewEnv(variables={name: _CEL_TYPES[kind] for name, kind in variables})


_PATTERN = re.compile(r"""\bmatches\(\s*(?:[\w.]+\s*,\s*)?([rR]?(?:'(?:[^'\\]|\\.)*'|"(?:[^"\\]|\\.)*"))\s*\)""")


def _check_patterns(source: str) -> None:
    """Refuse what is no pattern and stands in the expression itself: the engine looks at it only when it is needed."""
    for found in _PATTERN.finditer(source):
        try:
            ENGINE.evaluate(f"''.matches({found[1]})", {})
        except ExpressionError as error:
            before = source[: found.start(1)]
            column = len(before) - (before.rfind("\n") + 1) + 1
            raise ExpressionError(error.message, before.count("\n") + 1, column, error.hint) from error


def _compile_error(text: str, source: str) -> ExpressionError:
    found = translate.compiling(text, source)
    if found.unknown:
        return UnknownNameError(found.unknown, found.line, found.column)
    return ExpressionError(found.said.message, found.line, found.column, found.said.hint)


def _evaluation_error(text: str) -> ExpressionError:
    said = translate.evaluating(text)
    return ExpressionError(said.message, hint=said.hint)


class UnknownNameError(ExpressionError):
    """The expression names a variable or function that doesn't exist where it stands."""

    def __init__(self, name: str, line: int, column: int) -> None:
        super().__init__(f"unknown name '{name}'", line, column)
        self.name = name
