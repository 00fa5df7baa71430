"""Anything with a Makefile, where nothing says more of the language."""

from __future__ import annotations

import re

from buildledger.config.init.recipe import Recipe, Run, Script, Step
from buildledger.config.init.tree import HasProgram, Tree

MAKEFILES = ("GNUmakefile", "makefile", "Makefile")
"""In make's own order."""
TESTS = ("test", "check", "tests")
"""Targets that test, the likeliest first."""


def recipe(tree: Tree, has: HasProgram) -> Recipe | None:
    """Make the default target, then the one that tests; a `configure` script, or what makes it, runs first."""
    steps: list[Step] = []
    found: list[str] = []
    needs: tuple[str, ...] = ("make",)
    if (source := tree.first(("configure", "configure.ac"))) is not None:
        found.append(source)
        generate = () if source == "configure" else ("test -x configure || autoreconf --install",)
        steps.append(Script(name="configure", lines=(*generate, "test -f Makefile || ./configure"), timeout="15m"))
        needs += () if source == "configure" else ("autoreconf",)
        test: str | None = "check"
    else:
        makefile = tree.first(MAKEFILES)
        if makefile is None:
            return None
        test = test_target(tree)
        found += [makefile, f"target {test}"] if test else [makefile]
    steps.append(Run(argv=("make",), timeout="30m"))
    if test is not None:
        steps.append(Run(argv=("make", test), timeout="30m"))
    return Recipe(builder="make", language="Make", found=tuple(found), steps=tuple(steps), needs=needs)


def test_target(tree: Tree) -> str | None:
    """The target of the Makefile that tests; None if none does, or there is no Makefile."""
    targets = _targets(tree.text(tree.first(MAKEFILES) or ""))
    return next((target for target in TESTS if target in targets), None)


def _targets(makefile: str) -> set[str]:
    rules = re.findall(r"^([A-Za-z][\w .-]*?)\s*::?(?!=)", makefile, re.MULTILINE)
    return {name for rule in rules for name in rule.split()}
