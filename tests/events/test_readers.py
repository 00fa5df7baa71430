"""Every reader of the ledger says which facts it takes: a new fact is noticed by all of them, or by none on purpose."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest
from ruamel.yaml import YAML

import buildledger
from buildledger.events.catalogue import FACTS
from buildledger.events.fact import Fact

ROOM = Path(buildledger.__file__).parent
TABLE = Path(__file__).with_name("readers.yaml")

READERS = {
    "projection blamelist": "projections/blamelist*.py",
    "projection changes": "projections/changes.py",
    "projection people": "projections/people.py",
    "projection pipelines": "projections/pipelines.py",
    "projection queue": "projections/queue*.py",
    "projection revisions": "projections/revisions.py",
    "projection status": "projections/status*.py",
    "projection test_results": "projections/test_results.py",
    "projection workers": "projections/[wm]*s.py",
    "reactors' state": "reactors/state/*.py",
    "reactor scheduling": "reactors/scheduling/*.py",
    "reactor triggers": "reactors/triggers/*.py",
    "reactor builds": "reactors/builds/*.py",
    "reactor workers": "reactors/workers/*.py",
    "gateway": "slave_grpc/**/*.py",
    "operations": "operations/*.py",
    "elastic": "elastic/*.py",
    "intake": "intake/**/*.py",
    "retention": "retention/*.py",
}
"""Whoever follows the ledger, and the files in which it names the facts that it takes."""


def _names(pattern: str) -> set[str]:
    """Every name that stands in the code of these files."""
    trees = [ast.parse(path.read_text()) for path in ROOM.glob(pattern)]
    assert trees, f"no file fits {pattern}"
    nodes = [node for tree in trees for node in ast.walk(tree)]
    plain = {node.id for node in nodes if isinstance(node, ast.Name)}
    return plain | {node.attr for node in nodes if isinstance(node, ast.Attribute)}


NAMED = {reader: _names(pattern) for reader, pattern in READERS.items()}
DECLARED: dict[str, list[str]] = YAML(typ="safe").load(TABLE.read_text())
NEWEST = [fact for fact in FACTS if "upcast" not in vars(fact)]


def taken_by(fact: type[Fact]) -> list[str]:
    """The readers whose code names a fact."""
    return [reader for reader, names in NAMED.items() if fact.__name__ in names]


@pytest.mark.parametrize("fact", NEWEST, ids=lambda fact: fact.NAME)
def test_every_reader_says_what_it_does_with_a_fact(fact: type[Fact]) -> None:
    """The table has each fact with the readers that take it; the others ignore it, and somebody has thought of that."""
    declared = DECLARED.get(fact.NAME)
    silent = [reader for reader in READERS if reader not in taken_by(fact)]
    assert declared is not None, (
        f"{fact.NAME} isn't in {TABLE.name}. These readers say nothing of it: {', '.join(silent)}."
        f" Let those take it that have to, and write it down: {fact.NAME}: {taken_by(fact)}"
    )
    assert declared == taken_by(fact), f"{TABLE.name} has other readers of {fact.NAME} than those whose code names it"


def test_the_table_has_no_other_facts() -> None:
    """A fact of an older version, or one that isn't there, has no readers."""
    assert set(DECLARED) == {fact.NAME for fact in NEWEST}
