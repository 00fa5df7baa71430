"""What the files of a Python project say of how it is installed and tested."""

from __future__ import annotations

import configparser
import re
from functools import cached_property
from typing import Any

from buildledger.config.init.tree import Tree, table

FOR_TESTS = ("test", "tests", "testing", "dev", "develop", "development")
"""What extras and dependency groups are called that bring what tests need, the likeliest first."""
REQUIREMENTS_FOR_TESTS = (
    *(f"requirements-{name}.txt" for name in FOR_TESTS),
    *(f"requirements_{name}.txt" for name in FOR_TESTS),
    *(f"{name}-requirements.txt" for name in FOR_TESTS),
    *(f"{name}_requirements.txt" for name in FOR_TESTS),
    *(f"requirements/{name}.txt" for name in FOR_TESTS),
    *(f"{directory}/requirements.txt" for directory in ("tests", "test")),
)
TEST_FILE = r"(^|/)(test_[^/]*|[^/]*_test|tests)\.py$"
NATIVE_BACKENDS = {"maturin": "rust", "setuptools_rust": "rust", "scikit_build_core": "cmake", "skbuild": "cmake"}
"""Build backends, and setuptools' helpers, that compile what another language's rule would find."""


class PythonProject:
    """One directory with a Python project."""

    def __init__(self, tree: Tree) -> None:
        self._tree = tree
        self.pyproject = tree.toml("pyproject.toml")
        self._setup_cfg = _ini(tree.text("setup.cfg"))
        self._tox_ini = _ini(tree.text("tox.ini"))

    @property
    def files(self) -> list[str]:
        """The files that make it one; none: it isn't."""
        project = any(name in self.pyproject for name in ("project", "build-system")) or self.tool("poetry")
        names = ["pyproject.toml"] if project else []
        names += [name for name in ("setup.py", "setup.cfg") if self._tree.has(name) and not names]
        requirements = self.requirements
        if not names and requirements:
            names.append(requirements[0])
        if not names and (self._tree.has("pytest.ini") or self._tree.has("tox.ini")):
            names.append("pytest.ini" if self._tree.has("pytest.ini") else "tox.ini")
        return names

    def tool(self, name: str) -> dict[str, Any]:
        """A tool's table in `pyproject.toml`."""
        return table(self.pyproject, "tool", name)

    @property
    def installable(self) -> bool:
        """Whether pip makes a package of it."""
        return "build-system" in self.pyproject or self._tree.has("setup.py")

    @property
    def compiles(self) -> frozenset[str]:
        """Builders of other languages that installing it does the work of."""
        said = str(table(self.pyproject, "build-system")) + self._tree.text("setup.py")
        said = said.replace("-", "_")
        return frozenset(builder for backend, builder in NATIVE_BACKENDS.items() if backend in said)

    @cached_property
    def extra(self) -> str | None:
        """The extra that brings what tests need."""
        extras = {
            *table(self.pyproject, "project", "optional-dependencies"),
            *_section(self._setup_cfg, "options.extras_require"),
            *re.findall(r"[\"'](\w+)[\"']\s*:", _extras_of(self._tree.text("setup.py"))),
        }
        return next((name for name in FOR_TESTS if name in extras), None)

    @cached_property
    def group(self) -> str | None:
        """The dependency group that does."""
        groups = table(self.pyproject, "dependency-groups")
        return next((name for name in FOR_TESTS if name in groups), None)

    @cached_property
    def requirements(self) -> list[str]:
        """The files of requirements to install: those of the project itself, and those of its tests."""
        found = [name for name in ("requirements.txt",) if self._tree.has(name)]
        for_tests = self._tree.first(REQUIREMENTS_FOR_TESTS)
        return found if for_tests is None else [*found, for_tests]

    @property
    def says_what_tests_need(self) -> bool:
        """Whether any of these does; otherwise tox, nox or hatch may know."""
        return bool(self.extra or self.group or self._tree.first(REQUIREMENTS_FOR_TESTS))

    @property
    def uses_tox(self) -> bool:
        """Whether tox is configured."""
        return any(name.startswith("testenv") for name in self._tox_ini) or bool(self.tool("tox"))

    @cached_property
    def nox_session(self) -> str | None:
        """The session of nox that tests."""
        sessions = re.findall(r"^def (\w+)\(", self._tree.text("noxfile.py"), re.MULTILINE)
        return next((name for name in ("tests", "test", "unit", "pytest") if name in sessions), None)

    @cached_property
    def has_tests(self) -> bool:
        """Whether any file is called as tests are."""
        return bool(self._tree.matching(TEST_FILE))

    @cached_property
    def uses_pytest(self) -> bool:
        """Whether pytest is configured, asked for, or imported by a test's neighbour."""
        if self.tool("pytest") or "tool:pytest" in self._setup_cfg or "pytest" in self._tox_ini:
            return True
        if self._tree.first(("pytest.ini", ".pytest.ini")) or self._tree.matching(r"(^|/)conftest\.py$"):
            return True
        asked = ("pyproject.toml", "setup.cfg", "setup.py", "tox.ini", "noxfile.py", "Pipfile", *self.requirements)
        if any(re.search(r"\bpytest\b", self._tree.text(name)) for name in asked):
            return True
        return any(
            re.search(r"^\s*import pytest\b|^def test_", self._tree.text(name), re.MULTILINE) for name in self._tests
        )

    @property
    def asks_for_pytest(self) -> bool:
        """Whether what is installed for tests brings pytest by name; a file that includes others may bring it too."""
        asked = ("pyproject.toml", "setup.cfg", "setup.py", *self.requirements)
        return any(re.search(r"\bpytest\b(?!\.)", self._tree.text(name)) for name in asked)

    @property
    def _tests(self) -> list[str]:
        return self._tree.matching(TEST_FILE)[:20]


def _extras_of(setup: str) -> str:
    """What stands in the braces behind `extras_require`, if it is written there."""
    found = re.search(r"extras_require\s*=\s*(?:dict\s*\()?\{(.*?)\}", setup, re.DOTALL)
    return found[1] if found else ""


def _section(parser: configparser.RawConfigParser, name: str) -> list[str]:
    return parser.options(name) if parser.has_section(name) else []


def _ini(text: str) -> configparser.RawConfigParser:
    parser = configparser.RawConfigParser(strict=False, allow_no_value=True)
    try:
        parser.read_string(text)
    except configparser.Error:
        return configparser.RawConfigParser()
    return parser
