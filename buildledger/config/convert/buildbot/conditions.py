"""Conditions of Buildbot as CEL: properties that are compared, and functions that are one simple expression."""

from __future__ import annotations

from buildledger.config.convert.buildbot import described, references, values
from buildledger.config.convert.buildbot.context import BuildContext
from buildledger.config.convert.buildbot.described import Value
from buildledger.config.convert.buildbot.functions.evaluation import Evaluation
from buildledger.config.convert.buildbot.functions.symbols import Asked, TooMuchError, truth
from buildledger.config.convert.buildbot.references import Reference


def condition(value: Value, context: BuildContext) -> str:
    """An expression that is true or false.

    Raises:
        UnsayableError: It can't be read, or asks for what isn't known.
    """
    match value:
        case bool():
            return "true" if value else "false"
        case described.Operator(left=left, operator=("==" | "!=") as operator, right=right):
            return f"{_text(left, context)} {operator} {_text(right, context)}"
        case described.Operator(left=left, operator="in", right=described.ListOf(items=items)):
            return f"{_text(left, context)} in [{', '.join(_text(item, context) for item in items)}]"
        case described.PropertyOf() | described.Interpolate():
            parts = values.parts(value, context)
            if len(parts) == 1 and isinstance(parts[0], Reference):
                return parts[0].truth
            return f"({references.expression(parts)}) != ''"
        case described.Function() | described.Renderer():
            return _function(value, context)
        case _:
            raise values.unsayable(value)


def _text(value: Value, context: BuildContext) -> str:
    if value is None:
        return "''"
    return references.expression(values.parts(value, context))


def _function(function: described.Function | described.Renderer, context: BuildContext) -> str:
    try:
        found = truth(Evaluation(context).call(function, [Asked()]))
    except TooMuchError:
        raise values.unsayable(function) from None
    return found if isinstance(found, str) else str(found).lower()
