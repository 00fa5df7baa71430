"""Why a condition doesn't hold: which of its parts fail, and what the variables in them stood for, in words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import NamedTuple

import msgspec

from buildledger.config.evaluation import evaluate
from buildledger.config.evaluation.evaluate import Context, EvaluationError
from buildledger.config.expressions.cel import mentioned
from buildledger.config.expressions.conjunction import conjuncts
from buildledger.config.values import Expression, Plain

ELEMENTS_NAMED_MAX = 5
"""Paths of a change, and elements of other lists, that a text names; of more it gives the number."""
VALUE_CHARACTERS_MAX = 120
"""Of each value that a text shows."""


class UnmetCondition(NamedTuple):
    """What of a condition doesn't hold."""

    condition: str
    """The parts that fail; all of it if it can't be split."""
    values: str
    """What the variables in them stood for; empty if there are none."""

    def __str__(self) -> str:
        return f"{self.condition} ({self.values})" if self.values else self.condition


def unmet(expression: Expression | None, context: Context) -> UnmetCondition | None:
    """What of a condition doesn't hold; None if all of it does.

    Raises:
        EvaluationError
    """
    if expression is None or evaluate.condition(expression, context):
        return None
    failing = [part for part in conjuncts(expression.source) if not _may_hold(expression, part, context)]
    condition = " && ".join(failing) or expression.source
    shown = msgspec.structs.replace(expression, source=condition)
    return UnmetCondition(" ".join(condition.split()), "; ".join(_values(shown, context)))


def _may_hold(expression: Expression, part: str, context: Context) -> bool:
    """Whether a part holds, or can't be evaluated by itself: then it isn't what is named."""
    try:
        return evaluate.condition(msgspec.structs.replace(expression, source=part), context)
    except EvaluationError:
        return True


def _values(expression: Expression, context: Context) -> Iterator[str]:
    for name in sorted(mentioned(expression.source)):
        value = evaluate.variable(name, expression, context)
        if value is not None:
            yield f"{name} is {_shown(value)}"


def _shown(value: Plain | Mapping[str, str]) -> str:
    match value:
        case bool():
            return "true" if value else "false"
        case tuple():
            return _listed(value)
        case Mapping():
            return _listed([f"{name}={value[name]}" for name in sorted(value)])
        case _:
            return _cut(str(value))


def _listed(elements: Sequence[str]) -> str:
    more = f" and {len(elements) - ELEMENTS_NAMED_MAX} more" if len(elements) > ELEMENTS_NAMED_MAX else ""
    return ", ".join(_cut(element) for element in elements[:ELEMENTS_NAMED_MAX]) + more if elements else "empty"


def _cut(text: str) -> str:
    line = " ".join(text.split())
    return (line if len(line) <= VALUE_CHARACTERS_MAX else f"{line[:VALUE_CHARACTERS_MAX]}…") or "empty"
