"""Rust: a package or a workspace of Cargo's."""

from __future__ import annotations

from buildledger.config.init.recipe import Recipe, Run
from buildledger.config.init.tree import HasProgram, Tree, table


def recipe(tree: Tree, has: HasProgram) -> Recipe | None:
    """Build and test all packages; what was compiled stays in `target` from build to build."""
    if not tree.has("Cargo.toml"):
        return None
    manifest = tree.toml("Cargo.toml")
    found, options = ["Cargo.toml"], []
    if "workspace" in manifest:
        members = table(manifest, "workspace").get("members")
        found.append(f"workspace of {len(members)}" if isinstance(members, list) else "workspace")
        options.append("--workspace")
    if tree.has("Cargo.lock"):
        found.append("Cargo.lock")
        options.append("--locked")
    return Recipe(
        builder="rust",
        language="Rust",
        found=tuple(found),
        steps=(
            Run(argv=("cargo", "build", *options), timeout="30m"),
            Run(argv=("cargo", "test", *options), timeout="30m"),
        ),
        needs=("cargo",),
    )
