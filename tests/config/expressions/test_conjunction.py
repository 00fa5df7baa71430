"""The parts of a condition."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from buildledger.config.evaluation import evaluate
from buildledger.config.evaluation.evaluate import ChangeView, Context, WorkerView
from buildledger.config.expressions.conjunction import conjuncts
from buildledger.config.values import Expression


@pytest.mark.parametrize(
    ("source", "parts"),
    [
        ("true", ["true"]),
        (" worker.name == 'a'  &&\n worker.capacity > 1 ", ["worker.name == 'a'", "worker.capacity > 1"]),
        ("a && (b || c) && !(d && e)", ["a", "(b || c)", "!(d && e)"]),
        ("a && b || c", ["a && b || c"]),
        ("a && b ? c : d", ["a && b ? c : d"]),
        ("a && (b ? c : d)", ["a", "(b ? c : d)"]),
        ("((a && (b && c)))", ["a", "b", "c"]),
        ("(a) && (b)", ["(a)", "(b)"]),
        ("(a || b) && (c || d)", ["(a || b)", "(c || d)"]),
        ("change.files.exists(f, f == 'x' && true) && b", ["change.files.exists(f, f == 'x' && true)", "b"]),
        ("worker.name == '&&' && b", ["worker.name == '&&'", "b"]),
        (r"worker.name == 'it\'s && (' && b", [r"worker.name == 'it\'s && ('", "b"]),
        (r"worker.name == r'\' && b", [r"worker.name == r'\'", "b"]),
        ('worker.name == """a " && ( """ && b', ['worker.name == """a " && ( """', "b"]),
        ("a // && (\n && b", ["a // && (", "b"]),
        (
            "'a' in worker.labels && worker.labels['b'] == \"(\"",
            ["'a' in worker.labels", "worker.labels['b'] == \"(\""],
        ),
    ],
)
def test_a_condition_is_split_where_all_parts_have_to_hold(source: str, parts: list[str]) -> None:
    """Not inside of texts, comments and brackets, and not where something binds looser."""
    assert list(conjuncts(source)) == parts


ATOMS = st.sampled_from(
    [
        "worker.name == 'w&&1'",
        "worker.labels.os == 'linux'",
        "worker.labels.missing == 'x'",
        "worker.capacity > 1",
        'change.branch == "main"',
        "change.files.exists(f, f == 'a' && true)",
        "change.files[7] == 'a'",
        "true",
        "false",
    ]
)
CONDITIONS = st.recursive(
    ATOMS,
    lambda inner: st.one_of(
        st.tuples(inner, inner).map(" && ".join),
        st.tuples(inner, inner).map(" || ".join),
        inner.map("({})".format),
        inner.map("!({})".format),
        st.tuples(inner, inner, inner).map(lambda parts: f"({parts[0]} ? {parts[1]} : {parts[2]})"),
    ),
    max_leaves=8,
)
WORKERS = st.builds(
    WorkerView,
    name=st.sampled_from(["w&&1", "w2"]),
    labels=st.sampled_from([{}, {"os": "linux"}, {"os": "windows"}]),
    capacity=st.integers(1, 2),
)


@settings(max_examples=300, deadline=None)
@given(CONDITIONS, WORKERS, st.sampled_from(["main", "topic"]), st.sampled_from([(), ("a",)]))
def test_a_condition_holds_exactly_if_all_its_parts_do(
    source: str, worker: WorkerView, branch: str, files: tuple[str, ...]
) -> None:
    """Whatever the condition; each part is an expression by itself, and what can't be evaluated doesn't hold."""
    context = Context(worker=worker, change=ChangeView(branch=branch, files=files))

    def holds(part: str) -> bool:
        try:
            return evaluate.condition(Expression(source=part), context)
        except evaluate.EvaluationError:
            return False

    assert holds(source) == all(holds(part) for part in conjuncts(source))
