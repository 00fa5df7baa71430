"""JavaScript and TypeScript: a package with scripts, installed as its lock file says."""

from __future__ import annotations

import re
from typing import Any

from buildledger.config.init.recipe import Recipe, Report, Run, Step
from buildledger.config.init.tree import HasProgram, Tree, table

NO_TESTS = "no test specified"
"""In the script that `npm init` writes, which fails."""
REPORT = "junit.xml"
YARN_PACKAGE = "@yarnpkg/cli-dist"
"""What Yarn from version 2 on is called in npm's registry, where `yarn` is version 1."""
VITEST = re.compile(r"^vitest(?: run)?$")
NODE_TEST = re.compile(r"^node --test$")


def recipe(tree: Tree, has: HasProgram) -> Recipe | None:
    """Install exactly what is locked, then the scripts `build` and `test` as far as they are there."""
    if not tree.has("package.json"):
        return None
    package = tree.json("package.json")
    scripts = {name: text for name, text in table(package, "scripts").items() if isinstance(text, str)}
    if NO_TESTS in scripts.get("test", ""):
        del scripts["test"]
    wanted = [name for name in ("build", "test") if name in scripts]
    if not wanted:
        return None
    lock, program, install = _installation(tree, package, has)
    steps: list[Step] = [Run(argv=install, name="install", timeout="20m")]
    for name in wanted:
        more = _reporting(program[-1], scripts["test"]) if name == "test" else ()
        steps.append(Run(argv=(*program, "run", name, *more), name=name, timeout="30m"))
        if more:
            steps.append(Report(path=REPORT))
    found = ["package.json", *([lock] if lock else []), *(f"script {name}" for name in wanted)]
    return Recipe(
        builder="node",
        language="Node.js",
        found=tuple(found),
        steps=tuple(steps),
        needs=("node", program[0]),
        env={"CI": "true"},
    )


def _installation(
    tree: Tree, package: dict[str, Any], has: HasProgram
) -> tuple[str | None, tuple[str, ...], tuple[str, ...]]:
    """The lock file, how its program is called, and how what is locked is installed."""
    if lock := tree.first(("package-lock.json", "npm-shrinkwrap.json")):
        return lock, ("npm",), ("npm", "ci")
    if tree.has("pnpm-lock.yaml"):
        pnpm = _or_npx("pnpm", package, has)
        return "pnpm-lock.yaml", pnpm, (*pnpm, "install", "--frozen-lockfile")
    if tree.has("yarn.lock"):
        modern = tree.has(".yarnrc.yml")
        yarn = _modern_yarn(tree, package, has) if modern else _or_npx("yarn", package, has)
        return "yarn.lock", yarn, (*yarn, "install", "--immutable" if modern else "--frozen-lockfile")
    return None, ("npm",), ("npm", "install", "--no-package-lock")


def _modern_yarn(tree: Tree, package: dict[str, Any], has: HasProgram) -> tuple[str, ...]:
    """Yarn from version 2 on: the one in the repository, that of this machine, or the one that npm's registry has."""
    if kept := tree.matching(r"^\.yarn/releases/yarn-[\w.-]+\.c?js$"):
        return ("node", kept[-1])
    yarn = _or_npx("yarn", package, has)
    return tuple(re.sub(r"^yarn(?=@|$)", YARN_PACKAGE, word) for word in yarn) if len(yarn) > 1 else yarn


def _or_npx(program: str, package: dict[str, Any], has: HasProgram) -> tuple[str, ...]:
    """A program of this machine, or the version that the package asks for, fetched by npx."""
    if has(program):
        return (program,)
    asked = str(package.get("packageManager", ""))
    exact = asked.partition("+")[0] if asked.startswith(f"{program}@") else program
    return ("npx", "--yes", exact)


def _reporting(program: str, script: str) -> tuple[str, ...]:
    """What makes a known test runner write JUnit as well; nothing for others."""
    separator = ("--",) if program.startswith("npm") else ()
    if VITEST.match(script):
        return (*separator, "--run", "--reporter=default", "--reporter=junit", f"--outputFile.junit={REPORT}")
    if NODE_TEST.match(script):
        spec = ("--test-reporter=spec", "--test-reporter-destination=stdout")
        return (*separator, *spec, "--test-reporter=junit", f"--test-reporter-destination={REPORT}")
    return ()
