"""Why a condition doesn't hold is said in the words of the configuration, with the values at that moment."""

from __future__ import annotations

import pytest

from buildledger.config.evaluation.evaluate import ChangeView, Context, EvaluationError, WorkerView
from buildledger.config.evaluation.unmet_condition import ELEMENTS_NAMED_MAX, VALUE_CHARACTERS_MAX, unmet
from buildledger.config.values import Expression, InputRef

CONTEXT = Context(
    inputs={"channel": "beta", "signed": False, "notes": ()},
    matrix={"python": "3.12"},
    properties={"said": "one\n  two", "parts": ("a", "b")},
    change=ChangeView(branch="", files=tuple(f"src/{number}" for number in range(ELEMENTS_NAMED_MAX + 2))),
    worker=WorkerView(name="w", labels={"os": "linux", "arch": "arm64"}),
)


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ("inputs.channel == 'stable'", "inputs.channel is beta"),
        ("inputs.signed", "inputs.signed is false"),
        ("size(inputs.notes) > 0", "inputs.notes is empty"),
        ("change.branch == 'main'", "change.branch is empty"),
        ("properties.said == 'x'", "properties.said is one two"),
        ("'c' in properties.parts", "properties.parts is a, b"),
        ("worker.labels.os == 'windows'", "worker.labels is arch=arm64, os=linux"),
        ("'docs' in change.files", "change.files is src/0, src/1, src/2, src/3, src/4 and 2 more"),
        (
            "matrix.python == '3.13' || inputs.channel == 'stable'",
            "inputs.channel is beta; matrix.python is 3.12",
        ),
        ("1 > 2", ""),
    ],
)
def test_the_variables_of_a_condition_are_shown(source: str, said: str) -> None:
    """Texts as they are, in one line; what is empty as that; lists up to a number; booleans as CEL writes them."""
    assert unmet(Expression(source=source), CONTEXT) == (source, said)


def test_only_what_fails_is_named() -> None:
    """Of parts that all have to hold, those that don't; nothing of what holds or isn't there."""
    found = unmet(Expression(source="matrix.python == '3.12' && inputs.signed && 1 > 2"), CONTEXT)
    assert str(found) == "inputs.signed && 1 > 2 (inputs.signed is false)"
    assert unmet(Expression(source="matrix.python == '3.12'"), CONTEXT) is None
    assert unmet(None, CONTEXT) is None


def test_inputs_of_a_template_are_those_of_their_use() -> None:
    """An input that the template binds to a value isn't the builder's input of that name."""
    bound = Expression(source="inputs.stage == 'live'", bind={"stage": InputRef("channel")})
    assert str(unmet(bound, CONTEXT)) == "inputs.stage == 'live' (inputs.stage is beta)"


def test_a_long_value_is_cut() -> None:
    """The text stays a line, however long a property is."""
    context = Context(properties={"log": "x" * 100_000})
    found = unmet(Expression(source="properties.log == ''"), context)
    assert found is not None
    assert len(found.values) < VALUE_CHARACTERS_MAX + 50


def test_what_cannot_be_evaluated_is_an_error() -> None:
    """A condition without a value is neither true nor false."""
    with pytest.raises(EvaluationError, match="has no value in this build"):
        unmet(Expression(source="properties.absent == 'x'"), CONTEXT)
