"""Go: a module, or a workspace of several."""

from __future__ import annotations

import re

from buildledger.config.init.recipe import Recipe, Run, Script
from buildledger.config.init.tree import HasProgram, Tree

EACH_MODULE = "go list -f '{{.Dir}}/...' -m"


def recipe(tree: Tree, has: HasProgram) -> Recipe | None:
    """Vet and test all packages; `go test` compiles what it tests and has no JUnit of its own."""
    if tree.has("go.work"):
        steps: tuple[Run | Script, ...] = (
            Script(name="go vet", lines=(f"go vet $({EACH_MODULE})",), timeout="15m"),
            Script(name="go test", lines=(f"go test $({EACH_MODULE})",), timeout="30m"),
        )
        return Recipe(builder="go", language="Go", found=("go.work",), steps=steps, needs=("go",))
    if not tree.has("go.mod"):
        return None
    module = re.search(r"^module\s+(\S+)", tree.text("go.mod"), re.MULTILINE)
    found = ("go.mod", f"module {module[1]}") if module else ("go.mod",)
    return Recipe(
        builder="go",
        language="Go",
        found=found,
        steps=(
            Run(argv=("go", "vet", "./..."), timeout="15m"),
            Run(argv=("go", "test", "./..."), timeout="30m"),
        ),
        needs=("go",),
    )
