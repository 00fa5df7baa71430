"""All rules on a repository: the recipes that fit it together."""

from __future__ import annotations

import re
from dataclasses import replace

from buildledger.config.init.languages import LAST_RULES, RULES, Rule
from buildledger.config.init.recipe import Recipe
from buildledger.config.init.tree import HasProgram, Tree

NOT_PROJECTS = frozenset(
    {"bench", "benchmarks", "contrib", "demo", "demos", "doc", "docs", "example", "examples", "fixtures", "hack"}
    | {"misc", "node_modules", "samples", "scripts", "test", "testdata", "tests", "third_party", "tools", "vendor"}
)
"""Directories whose projects aren't what the repository is for."""
DIRECTORIES_MAX = 8


def detect(tree: Tree, has: HasProgram) -> tuple[Recipe, ...]:
    """What its root holds; if nothing is known there, what the directories in the root hold."""
    if found := _detect_in(tree, has):
        return found
    nested: list[Recipe] = []
    for directory in _directories(tree):
        nested += [
            replace(recipe, directory=directory, builder=f"{_as_name(directory)}-{recipe.builder}")
            for recipe in _detect_in(tree.below(directory), has)
        ]
    return tuple(nested[:DIRECTORIES_MAX])


def _detect_in(tree: Tree, has: HasProgram) -> tuple[Recipe, ...]:
    found = _answers(RULES, tree, has) or _answers(LAST_RULES, tree, has)
    covered = frozenset().union(*(recipe.covers for recipe in found))
    return tuple(recipe for recipe in found if recipe.builder not in covered)


def _answers(rules: tuple[Rule, ...], tree: Tree, has: HasProgram) -> list[Recipe]:
    return [recipe for rule in rules if (recipe := rule(tree, has)) is not None]


def _directories(tree: Tree) -> list[str]:
    names = {directory for path in tree.paths if (directory := path.partition("/")[0]) != path}
    return sorted(name for name in names if not name.startswith(".") and name.lower() not in NOT_PROJECTS)


def _as_name(directory: str) -> str:
    return re.sub(r"[^A-Za-z0-9_]+", "-", directory).strip("-")[:40] or "part"
