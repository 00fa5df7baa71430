"""C and C++ with CMake, tested by CTest."""

from __future__ import annotations

import re

from buildledger.config.init import make
from buildledger.config.init.recipe import Recipe, Report, Run, Step
from buildledger.config.init.tree import HasProgram, Tree

DECLARES_TESTS = re.compile(
    r"^\s*(?:enable_testing|include\s*\(\s*CTest|add_test|gtest_discover_tests|catch_discover_tests"
    r"|doctest_discover_tests)",
    re.MULTILINE | re.IGNORECASE,
)
FILES_READ = 200
"""Of CMake's own, in search of tests."""


def recipe(tree: Tree, has: HasProgram) -> Recipe | None:
    """Configure, build, and run CTest if any file declares tests, whose results CTest writes as JUnit.

    Where none does and a Makefile has a target that tests, that is how the project is tested.
    """
    if not tree.has("CMakeLists.txt"):
        return None
    declares_tests = _declares_tests(tree)
    if not declares_tests and make.test_target(tree) is not None:
        return None
    directory = "_build" if tree.matching(r"^build/") else "build"
    found = ["CMakeLists.txt"]
    generator = ("-G", "Ninja") if has("ninja") and not has("make") else ()
    steps: list[Step] = [
        Run(name="configure", argv=("cmake", "-S", ".", "-B", directory, *generator), timeout="10m"),
        Run(name="build", argv=("cmake", "--build", directory, "--parallel"), timeout="30m"),
    ]
    if declares_tests:
        found.append("CTest")
        report = ("--output-on-failure", "--output-junit", "junit.xml")
        steps += [
            Run(name="test", argv=("ctest", "--test-dir", directory, *report), timeout="30m"),
            Report(path=f"{directory}/junit.xml"),
        ]
    return Recipe(
        builder="cmake", language="C or C++ with CMake", found=tuple(found), steps=tuple(steps), needs=("cmake",)
    )


def _declares_tests(tree: Tree) -> bool:
    files = sorted(tree.matching(r"(^|/)CMakeLists\.txt$|\.cmake$"), key=lambda path: (path.count("/"), path))
    return any(DECLARES_TESTS.search(tree.text(path)) for path in files[:FILES_READ])
