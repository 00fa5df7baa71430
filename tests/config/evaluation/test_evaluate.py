"""Value nodes and conditions evaluated against a build's context."""

from __future__ import annotations

import pytest

from buildledger.config import limits
from buildledger.config.evaluation import evaluate
from buildledger.config.evaluation.evaluate import BuildView, ChangeView, Context, EvaluationError, WorkerView
from buildledger.config.values import EnvironmentValue, Expression, InputRef, PropertyRef, SecretRef, Spread
from tests.config.texts import with_builder

CONTEXT = Context(
    inputs={"version": "1.0", "args": ("a b", "$(id)"), "n": 3},
    matrix={"os": "linux"},
    properties={"described": "v1-3"},
    change=ChangeView(source="widget", branch="main", revision="abc", files=("docs/a.md", "src/b.py")),
    build=BuildView(builder="tests", number=7, branch="main"),
    worker=WorkerView(name="w1", labels={"os": "linux"}, capacity=2),
)


def test_argv_is_never_parsed() -> None:
    """Whatever stands in an input becomes an argument as it is; lists become several."""
    arguments = ("run", InputRef("version"), Spread(InputRef("args")), PropertyRef("described"), Expression("inputs.n"))
    assert evaluate.argv(arguments, CONTEXT) == ("run", "1.0", "a b", "$(id)", "v1-3", "3")


def test_secrets_stay_names() -> None:
    """An evaluated environment has the names of secrets, never values; None takes a variable away."""
    env: dict[str, EnvironmentValue] = {
        "A": "x",
        "B": SecretRef("pypi"),
        "C": None,
        "D": True,
        "E": Expression("change.branch"),
    }
    assert evaluate.environment(env, CONTEXT) == {"A": "x", "B": SecretRef("pypi"), "C": None, "D": "true", "E": "main"}


@pytest.mark.parametrize(
    ("source", "result"),
    [
        ("change.files.exists(f, !f.startsWith('docs/'))", True),
        ("change.branch.matches('^release/')", False),
        ("worker.labels.os == matrix.os", True),
        ("has(worker.labels.gpu)", False),
        ("build.number > 6 && build.result == 'success'", True),
        ("size(change.files) + inputs.n", 5),
        ("change.files.filter(f, f.endsWith('.py'))", ("src/b.py",)),
        ("properties.described + '-' + inputs.version", "v1-3-1.0"),
    ],
)
def test_expressions(source: str, result: object) -> None:
    """Expressions see all of the context, under dotted names."""
    assert evaluate.value(Expression(source), CONTEXT) == result


def test_templates_bind_the_names_of_their_inputs() -> None:
    """In a template's expression `inputs.x` is what the template was given, not the builder's input."""
    expression = Expression("inputs.version + inputs.other", {"version": "T", "other": InputRef("version")})
    assert evaluate.value(expression, CONTEXT) == "T1.0"


@pytest.mark.parametrize(
    "node",
    [
        InputRef("nope"),
        PropertyRef("nope"),
        Expression("properties.nope == 'x'"),
        Expression("worker.labels.gpu == 'x'"),
        Expression("inputs.n / 0"),
        Expression("1.5"),
        Expression("{'a': 1}"),
        Expression("[1, 2]"),
        Expression("null"),
        Expression("change.branch.matches('(')"),
        Expression("[" + "1," * 300 + "1].all(a, [" + "1," * 300 + "1].all(b, a + b < 100000))"),
    ],
)
def test_values_that_cannot_be_had(node: Expression | InputRef | PropertyRef) -> None:
    """What can't be had is an error that says why, also for an expression that would run for too long."""
    with pytest.raises(EvaluationError):
        evaluate.value(node, CONTEXT)


def test_text_of_a_list_is_refused() -> None:
    """A list is no text, a NUL no part of an argument, and an argv has a program."""
    for node in (InputRef("args"), "a\0b"):
        with pytest.raises(EvaluationError):
            evaluate.text(node, CONTEXT)
    with pytest.raises(EvaluationError, match="no program"):
        evaluate.argv((Spread(()),), CONTEXT)
    with pytest.raises(EvaluationError, match="needs a list"):
        evaluate.argv(("x", Spread(InputRef("version"))), CONTEXT)


def test_broken_text_is_an_error_and_not_a_crash() -> None:
    """Text that isn't Unicode (half a surrogate pair) makes an expression fail in the ordinary way."""
    context = Context(change=ChangeView(branch="a\ud800"))
    with pytest.raises(EvaluationError):
        evaluate.condition(Expression("change.branch == 'x'"), context)


def test_a_path_from_an_input_stays_inside() -> None:
    """A path that is known only at build time is judged then."""
    assert evaluate.relative_path("build/x", CONTEXT) == "build/x"
    with pytest.raises(EvaluationError, match="may not leave"):
        evaluate.relative_path(InputRef("path"), Context(inputs={"path": "a/../../b"}))


def test_worker_and_priority() -> None:
    """A builder says which workers fit; a missing label fits nothing. Priorities keep within their limits."""
    builder = with_builder(
        "{steps: [{run: [x]}], worker: worker.labels.gpu == '1', priority: {expr: size(change.files)}}"
    )
    assert not evaluate.worker_fits(builder, CONTEXT)
    assert evaluate.worker_fits(builder, Context(worker=WorkerView(labels={"gpu": "1"})))
    assert evaluate.priority(builder, CONTEXT) == 2
    assert evaluate.condition(None, CONTEXT)


@pytest.mark.parametrize(("source", "expected"), [("5000000", limits.PRIORITY), ("-5000000", -limits.PRIORITY)])
def test_a_priority_is_kept_within_its_limits(source: str, expected: int) -> None:
    """An expression that comes to more, or to less, counts as the highest or the lowest priority."""
    builder = with_builder("{steps: [{run: [x]}], priority: {expr: '" + source + "'}}")
    assert evaluate.priority(builder, CONTEXT) == expected
