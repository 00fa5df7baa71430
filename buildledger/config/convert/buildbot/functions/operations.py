"""Python's operators, on data and on symbols."""

from __future__ import annotations

import ast
import re
from typing import Any

from buildledger.config.convert.buildbot.functions.symbols import (
    Text,
    TooMuchError,
    Truth,
    expression,
    parts_of,
    text,
    truth,
)
from buildledger.config.convert.buildbot.references import Part

_PLACEHOLDER = re.compile(r"%([sd%])")


def is_known(value: Any) -> bool:
    """Whether a value is Python's own, through and through."""
    match value:
        case list():
            return all(is_known(each) for each in value)
        case dict():
            return all(is_known(each) for each in value.values())
        case None | bool() | int() | float() | str():
            return True
    return False


def negated(value: Any) -> Any:
    """`not value`."""
    condition = truth(value)
    return not condition if isinstance(condition, bool) else Truth(f"!({condition})")


def compare(operator: ast.cmpop, left: Any, right: Any) -> Any:
    """`left == right` and the like.

    Raises:
        TooMuchError: It compares something else than texts, or by their order.
    """
    match operator:
        case ast.In():
            return _contains(right, left)
        case ast.NotIn():
            return negated(_contains(right, left))
        case ast.Eq() | ast.Is():
            return _equal(left, right, "==")
        case ast.NotEq() | ast.IsNot():
            return _equal(left, right, "!=")
    raise TooMuchError


def _equal(left: Any, right: Any, sign: str) -> Any:
    if is_known(left) and is_known(right):
        return (left == right) is (sign == "==")
    for symbol, other in ((left, right), (right, left)):
        if other is None or isinstance(other, bool):
            # A property that nobody has set is an empty text here.
            condition = truth(symbol)
            said = condition if isinstance(condition, bool) else Truth(condition)
            return said if bool(other) is (sign == "==") else negated(said)
    return Truth(f"{expression(left)} {sign} {expression(right)}")


def _contains(holder: Any, value: Any) -> Any:
    if is_known(holder) and is_known(value):
        try:
            return value in holder
        except TypeError:
            raise TooMuchError from None
    if isinstance(holder, list | dict):
        return Truth(f"{expression(value)} in [{', '.join(expression(each) for each in holder)}]") if holder else False
    return Truth(f"{_called(expression(holder))}.contains({expression(value)})")


def _called(cel: str) -> str:
    return f"({cel})" if " " in cel else cel


def binary(operator: ast.operator, left: Any, right: Any) -> Any:
    """`left + right`, `left % right`.

    Raises:
        TooMuchError: It is another operator, or reckons with a symbol.
    """
    match operator:
        case ast.Add() if isinstance(left, list) and isinstance(right, list):
            return [*left, *right]
        case ast.Add() if isinstance(left, str | Text) and isinstance(right, str | Text):
            return text([*parts_of(left), *parts_of(right)])
        case ast.Mod() if isinstance(left, str):
            return _formatted(left, right if isinstance(right, list) else [right])
        case ast.BitOr() if isinstance(left, dict) and isinstance(right, dict):
            return {**left, **right}
        case ast.Add() | ast.Sub() | ast.Mult() if isinstance(left, int) and isinstance(right, int):
            signs = {ast.Add: left + right, ast.Sub: left - right, ast.Mult: left * right}
            return signs[type(operator)]
    raise TooMuchError


def _formatted(form: str, values: list[Any]) -> Any:
    """`'%s-%s' % (…)`."""
    made: list[Part] = []
    start = 0
    for match in _PLACEHOLDER.finditer(form):
        made.append(form[start : match.start()])
        start = match.end()
        if match[1] == "%":
            made.append("%")
        elif values:
            made += parts_of(values.pop(0))
        else:
            raise TooMuchError
    rest = form[start:]
    if "%" in rest or any("%" in part for part in made[::2] if isinstance(part, str) and part != "%") or values:
        raise TooMuchError
    return text([*made, rest])
