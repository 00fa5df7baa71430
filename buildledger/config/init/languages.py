"""THE list of languages that `buildledger init` knows, one line each."""

from __future__ import annotations

from collections.abc import Callable

from buildledger.config.init import cmake, go, make, node, python, rust
from buildledger.config.init.recipe import Recipe
from buildledger.config.init.tree import HasProgram, Tree

Rule = Callable[[Tree, HasProgram], Recipe | None]

RULES: tuple[Rule, ...] = (
    python.recipe,
    go.recipe,
    rust.recipe,
    node.recipe,
    cmake.recipe,
)
"""Each that answers makes a builder, in this order."""

LAST_RULES: tuple[Rule, ...] = (make.recipe,)
"""Asked only where none of the others answers: a Makefile beside a language's own files mostly calls its tools."""
