"""The house is tidy: what can be said of every file at once, and what no linter knows."""

from __future__ import annotations

import ast
import json
import re
import subprocess
import tomllib
from collections import Counter
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
OTHER_DIALECTS = re.compile(
    r"^\s*(:param|:raises|:return|@param|Args:|Arguments:|Returns?:|Yields:|\.\. )", re.MULTILINE
)
ENTRY = re.compile(r"([a-z]\w*\.)*[A-Z]\w*(, [A-Z]\w*)*(: .+)?")
BANNER = re.compile(r"^\s*#\s*[-=#*~_]{2,}|[-=#*~_]{4,}\s*$")
FILE_NAME = re.compile(r"`{0,2}((?:[\w-]+/)*[\w-]+\.(?:py|md|ya?ml|go|ts|tsx|proto))\b`{0,2}")
BANNED = frozenset(
    {"wish", "wishes", "stir", "bell", "bells", "door", "doors", "desk", "keeper", "keepers", "holdings", "workshop"}
    | {"household", "manners", "pulse", "verdict", "twin", "sulk", "mend", "mends", "tend"}
)
"""Words of an own language that stood for a term of the trade; `docs/glossary.md` has the terms."""
STORED_WORDS = frozenset({"words_id", "WordsId", "words"})


@cache
def tracked(*patterns: str) -> tuple[Path, ...]:
    """The files of the repository that fit, generated ones left out."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--", *patterns], cwd=ROOT, check=True, capture_output=True, text=True
    )
    names = [name for name in listed.stdout.split("\0") if name]
    return tuple(ROOT / name for name in names if not re.search(r"_pb2|\.pb\.go|_pb\.ts|\.gen\.|schema\.d\.ts", name))


@cache
def tree_of(path: Path) -> ast.Module:
    return ast.parse(path.read_text())


def docstrings(path: Path) -> Iterator[tuple[int, str]]:
    """The line and the text of every docstring of a file, those of fields too."""
    for node in ast.walk(tree_of(path)):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            for statement in node.body:
                if (
                    isinstance(statement, ast.Expr)
                    and isinstance(statement.value, ast.Constant)
                    and isinstance(statement.value.value, str)
                ):
                    yield statement.lineno, statement.value.value


def place(path: Path, line: int) -> str:
    return f"{path.relative_to(ROOT)}:{line}"


PACKAGE = tracked("buildledger/*.py")
PYTHON = tracked("*.py")


def test_docstrings_have_one_dialect() -> None:
    """What is raised stands in a section of its own, one exception a line; there are no other sections."""
    wrong = []
    for path in PACKAGE:
        for line, text in docstrings(path):
            if OTHER_DIALECTS.search(text):
                wrong.append(f"{place(path, line)}: a section of another dialect")
            lines = text.splitlines()
            for number, written in enumerate(lines):
                if "Raises:" not in written:
                    continue
                below = [each for each in lines[number + 1 :] if each.strip()]
                if written.strip() != "Raises:" or not below or not ENTRY.fullmatch(below[0].strip()):
                    wrong.append(f"{place(path, line + number)}: {written.strip()}")
    assert not wrong, "\n".join(wrong)


def test_no_banners() -> None:
    """A file that needs a line of dashes to be read wants to be two files."""
    wrong = [
        place(path, number)
        for path in PYTHON
        for number, line in enumerate(path.read_text().splitlines(), 1)
        if line.lstrip().startswith("#") and BANNER.search(line)
    ]
    assert not wrong, "\n".join(wrong)


def test_no_file_name_dangles() -> None:
    """A file that a docstring, a comment or a page names is there."""
    names = {str(path.relative_to(ROOT)) for path in tracked()}
    known = {name[start:] for name in names for start in [0, *(m.end() for m in re.finditer("/", name))]}
    wrong = []
    for path in PACKAGE:
        for line, text in [*docstrings(path), *_comments(path)]:
            wrong += [f"{place(path, line)}: {name}" for name in FILE_NAME.findall(text) if name not in known]
    for path in (ROOT / "ARCHITECTURE.md", ROOT / "CONTRIBUTING.md"):
        text = path.read_text()
        wrong += [f"{path.name}: {name}" for name in FILE_NAME.findall(text) if name not in known and "-N" not in name]
    assert not wrong, "\n".join(wrong)


def _comments(path: Path) -> Iterator[tuple[int, str]]:
    for number, line in enumerate(path.read_text().splitlines(), 1):
        if line.lstrip().startswith("#"):
            yield number, line


FOR_EMBEDDING = frozenset({"execute_blocking"})
"""For programs that keep a ledger of their own: executing commands from a thread."""


def test_nothing_public_is_there_for_tests_only() -> None:
    """A public name that stands once in the package, where it is defined, is dead, or belongs into `testing/`."""
    code = {path: path.read_text() for path in (*PACKAGE, *tracked("bench/*.py", "examples/*.py", "hatch_build.py"))}
    used = Counter(word for text in code.values() for word in re.findall(r"[A-Za-z_]\w*", text))
    used.update(re.findall(r"\w+", (ROOT / "pyproject.toml").read_text()))
    own = {node.name for path in PACKAGE for node in ast.walk(tree_of(path)) if isinstance(node, ast.ClassDef)}
    unused = [
        f"{path.relative_to(ROOT)}: {name}"
        for path in PACKAGE
        if "testing" not in path.parts
        for name in _public_names(tree_of(path), own)
        if used[name] == 1 and name not in FOR_EMBEDDING
    ]
    assert not unused, "\n".join(unused)


def _public_names(tree: ast.Module, own: set[str]) -> Iterator[str]:
    """What a module defines for others, but for what some framework finds by itself."""
    for node in tree.body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) and not node.decorator_list:
            yield node.name
        elif isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            yield node.targets[0].id
        elif isinstance(node, ast.ClassDef):
            bases = {ast.unparse(base).partition("[")[0] for base in node.bases}
            if not bases & {"Step", "_FileStep"}:
                yield node.name
            if bases <= own | {"Protocol", "Exception", "StrEnum", "NamedTuple", "Generic"}:
                yield from (
                    each.name
                    for each in node.body
                    if isinstance(each, ast.FunctionDef | ast.AsyncFunctionDef)
                    and not each.name.startswith("__")
                    and not _is_found_by_a_framework(each)
                )


def _is_found_by_a_framework(function: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    decorators = {ast.unparse(each).split("(")[0] for each in function.decorator_list}
    return bool(decorators - {"property", "classmethod", "staticmethod", "abstractmethod", "cached_property"})


def test_there_is_one_version_number() -> None:
    """Every program and package has the version of `buildledger/__init__.py`."""
    version = re.search(r'^__version__ = "(.+)"$', (ROOT / "buildledger/__init__.py").read_text(), re.MULTILINE)
    assert version is not None
    found = {name: json.loads((ROOT / name).read_text()).get("version") for name in ("workers/node/package.json",)} | {
        str(path.relative_to(ROOT)): tomllib.loads(path.read_text())["project"].get("version", version[1])
        for path in tracked("pyproject.toml", "*/pyproject.toml", "**/pyproject.toml")
    }
    programs = (
        "workers/go/cmd/*/*.go",
        "workers/node/src/*.ts",
        "buildledger/worker/*.py",
        "buildledger/worker/**/*.py",
    )
    for path in tracked(*programs):
        for written in re.findall(r'[vV][eE][rR][sS][iI][oO][nN]\s*=\s*"(\d+\.\d+\.\d+)"', path.read_text()):
            found[str(path.relative_to(ROOT))] = written
    assert {name: number for name, number in found.items() if number != version[1]} == {}


@pytest.mark.parametrize("language", ["*.py", "*.go", "*.ts", "*.tsx"])
def test_no_identifier_of_an_own_language(language: str) -> None:
    """Names are the trade's words; those that somebody once made up don't come back."""
    wrong = Counter[str]()
    for path in tracked(language):
        for word in set(re.findall(r"[A-Za-z_][A-Za-z_0-9]*", _without_texts(path))):
            parts = {part.lower() for part in re.findall(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+", word)}
            if parts & BANNED and word not in STORED_WORDS:
                wrong[f"{path.relative_to(ROOT)}: {word}"] += 1
    assert not wrong, "\n".join(sorted(wrong))


def _without_texts(path: Path) -> str:
    """The code of a file: no comments, no texts, no docstrings."""
    text = path.read_text()
    if path.suffix == ".py":
        tree = tree_of(path)
        found = [
            getattr(node, name, None) for node in ast.walk(tree) for name in ("name", "id", "attr", "arg", "asname")
        ]
        return " ".join(name for name in found if isinstance(name, str))
    text = re.sub(r"/\*.*?\*/", "", text, flags=re.DOTALL)
    text = re.sub(r"//[^\n]*", "", text)
    return re.sub(r"`[^`]*`|\"(?:[^\"\\\n]|\\.)*\"|'(?:[^'\\\n]|\\.)*'", "", text)


def test_no_test_module_imports_another() -> None:
    """What several tests need is in a module without tests: a test that is renamed breaks no other."""
    wrong = [
        f"{path.relative_to(ROOT)}: {node.module}"
        for path in tracked("tests/*.py")
        for node in ast.walk(tree_of(path))
        if isinstance(node, ast.ImportFrom)
        and re.search(r"(^|\.)test_", node.module or "")
        and (node.module or "").startswith("tests.")
    ]
    assert not wrong, "\n".join(wrong)


MORE_THAN_A_DOCSTRING = {"buildledger", "composition", "slave_grpc"}
"""The version number; the one function that the command line calls; a variable that gRPC reads when it is imported."""


def test_every_room_says_what_it_is_for() -> None:
    """The docstring of a room's `__init__.py` is all that is in it: no re-exports."""
    wrong = []
    for path in tracked("buildledger/**/__init__.py", "buildledger/*/__init__.py"):
        if "grpc_protos/worker" in str(path):
            continue
        body = tree_of(path).body
        if ast.get_docstring(tree_of(path)) is None:
            wrong.append(f"{path.relative_to(ROOT)}: no docstring")
        if len(body) > 1 and path.parent.name not in MORE_THAN_A_DOCSTRING:
            wrong.append(f"{path.relative_to(ROOT)}: more than a docstring")
    assert not wrong, "\n".join(wrong)


def test_children_import_nothing_of_the_directory_they_are_started_in() -> None:
    """Where the product starts a Python of its own by a module's name, it says `-P`: a stray file is no library."""
    started = re.compile(r"sys\.executable,\s*((?:\"-\w\",?\s*)*)\"-m\"")
    options = {
        (path.name, found[1]) for path in tracked("buildledger/*.py") for found in started.finditer(path.read_text())
    }
    assert options
    assert {name for name, said in options if '"-P"' not in said and '"-I"' not in said} == set()
