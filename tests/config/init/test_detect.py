"""What is found in a repository, and which commands come of it."""

from __future__ import annotations

import pytest

from buildledger.config.init.detect import detect
from buildledger.config.init.recipe import Recipe, Report, Run, Script
from buildledger.config.init.tree import Tree

PROJECT = '[project]\nname = "widget"\n[build-system]\nrequires = ["hatchling"]\n'
TEST = "def test_size():\n    assert True\n"
LOCKED = {"package-lock.json": "{}"}


def tree_of(files: dict[str, str]) -> Tree:
    return Tree(frozenset(files), lambda path: files[path].encode())


def detected(files: dict[str, str], *missing: str) -> tuple[Recipe, ...]:
    """What comes of these files, on a machine that has every program but the missing ones."""
    return detect(tree_of(files), lambda program: program not in missing)


def commands(recipe: Recipe) -> list[str]:
    """All that it runs, a command line each."""
    lines: list[str] = []
    for step in recipe.steps:
        match step:
            case Run():
                lines.append(" ".join(step.argv))
            case Script():
                lines += step.lines
            case Report():
                lines.append(f"report {step.path}")
    return lines


def package(**scripts: str) -> str:
    written = ", ".join(f'"{name}": "{text}"' for name, text in scripts.items())
    return f'{{"name": "widget", "scripts": {{{written}}}}}'


@pytest.mark.parametrize(
    ("files", "wanted"),
    [
        (
            {"pyproject.toml": PROJECT + '[project.optional-dependencies]\ntest = ["pytest"]', "tests/test_a.py": TEST},
            ["pip install --editable '.[test]'", "python -m pytest --junitxml=junit.xml", "report junit.xml"],
        ),
        (
            {"pyproject.toml": PROJECT + '[dependency-groups]\ndev = ["pytest"]', "tests/test_a.py": TEST},
            ["pip install --group dev --editable .", "python -m pytest --junitxml=junit.xml"],
        ),
        (
            {"setup.py": "setup(extras_require={'tests': ['nose']})", "test_a.py": "import pytest\n"},
            ["pip install --editable '.[tests]' pytest"],
        ),
        (
            {"setup.py": "", "setup.cfg": "[options.extras_require]\ntesting =\n  pytest\n", "test/test_a.py": TEST},
            ["pip install --editable '.[testing]'"],
        ),
        (
            {"requirements.txt": "flask", "requirements-dev.txt": "pytest", "app.py": "", "tests/test_a.py": TEST},
            ["pip install -r requirements.txt -r requirements-dev.txt", "python -m pytest --junitxml=junit.xml"],
        ),
        (
            {"setup.py": "", "tests/__init__.py": "", "tests/test_a.py": "import unittest\n"},
            ["pip install --editable .", "python -m unittest discover"],
        ),
        (
            {"setup.py": "", "tests/test_a.py": "import unittest\n"},
            ["python -m unittest discover -s tests"],
        ),
        (
            {"requirements.txt": "django", "manage.py": "", "shop/tests.py": "from django.test import TestCase\n"},
            ["pip install -r requirements.txt", "python manage.py test"],
        ),
        (
            {"setup.py": "", "tox.ini": "[tox]\n[testenv]\ndeps = pytest\ncommands = pytest", "tests/test_a.py": TEST},
            ["pip install --upgrade pip tox", "tox run -e py"],
        ),
        (
            {"setup.py": "", "noxfile.py": "def lint(session): ...\ndef tests(session): ...", "tests/test_a.py": TEST},
            ["nox --session tests --no-error-on-missing-interpreters"],
        ),
        (
            {"pyproject.toml": PROJECT + "[tool.hatch.envs.default.scripts]\ntest = 'pytest'", "tests/test_a.py": TEST},
            ["hatch run default:test"],
        ),
        (
            {"pyproject.toml": PROJECT + '[dependency-groups]\ndev = ["pytest"]', "uv.lock": "", "test_a.py": TEST},
            ["uv sync --locked", "uv run --no-sync python -m pytest --junitxml=junit.xml"],
        ),
        (
            {"pyproject.toml": "[tool.poetry]\nname = 'w'\n[tool.poetry.group.dev.dependencies]\npytest = '*'\n"
             "[build-system]\n", "tests/test_a.py": TEST},
            ["poetry install --no-interaction", "poetry run python -m pytest --junitxml=junit.xml"],
        ),
        (
            {"setup.py": "", "widget/__init__.py": ""},
            ["pip install --editable .", "python -m compileall -q widget setup.py"],
        ),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, dict) else "",
)  # fmt: skip
def test_python(files: dict[str, str], wanted: list[str]) -> None:
    """A Python project is installed with what its tests need and tested with what it uses for that."""
    (recipe,) = detected(files)
    assert recipe.builder == "python"
    assert [line for line in wanted if line not in commands(recipe)] == [], commands(recipe)


@pytest.mark.parametrize(
    ("files", "builder", "wanted"),
    [
        ({"go.mod": "module acme.example/widget\n"}, "go", ["go vet ./...", "go test ./..."]),
        ({"go.work": "use ./a", "a/go.mod": ""}, "go", ["go test $(go list -f '{{.Dir}}/...' -m)"]),
        ({"Cargo.toml": "[package]\n"}, "rust", ["cargo build", "cargo test"]),
        (
            {"Cargo.toml": '[workspace]\nmembers = ["a", "b"]\n', "Cargo.lock": ""},
            "rust",
            ["cargo build --workspace --locked", "cargo test --workspace --locked"],
        ),
        (
            {"package.json": package(build="tsc", test="jest"), **LOCKED},
            "node",
            ["npm ci", "npm run build", "npm run test"],
        ),
        (
            {"package.json": package(test="vitest run"), "pnpm-lock.yaml": ""},
            "node",
            [
                "pnpm install --frozen-lockfile",
                "pnpm run test --run --reporter=default --reporter=junit --outputFile.junit=junit.xml",
                "report junit.xml",
            ],
        ),
        ({"package.json": package(test="jest"), "yarn.lock": ""}, "node", ["yarn install --frozen-lockfile"]),
        (
            {"package.json": package(test="node --test")},
            "node",
            ["npm install --no-package-lock", "report junit.xml"],
        ),
        (
            {"CMakeLists.txt": "project(w)\nadd_subdirectory(t)\n", "t/CMakeLists.txt": "  add_test(NAME t COMMAND t)"},
            "cmake",
            [
                "cmake -S . -B build",
                "ctest --test-dir build --output-on-failure --output-junit junit.xml",
                "report build/junit.xml",
            ],
        ),
        ({"CMakeLists.txt": "project(w)\n", "build/notes": ""}, "cmake", ["cmake --build _build --parallel"]),
        ({"Makefile": "CC := gcc\nall: a\ncheck test: all\n"}, "make", ["make", "make test"]),
        ({"Makefile": "all:\r\n\ttrue\r\ncheck:\r\n\ttrue\r\n"}, "make", ["make check"]),
        ({"CMakeLists.txt": "project(w)\n", "Makefile": "test:\n"}, "make", ["make test"]),
        ({"configure.ac": "", "Makefile.am": ""}, "make", ["make check"]),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, dict) else "",
)
def test_other_languages(files: dict[str, str], builder: str, wanted: list[str]) -> None:
    """Each language's project is built and tested by its own tools, as its lock files say."""
    (recipe,) = detected(files)
    assert recipe.builder == builder
    assert [line for line in wanted if line not in commands(recipe)] == [], commands(recipe)


def test_several_languages_are_several_builders() -> None:
    """A builder for each language; a Makefile beside them is taken to call their tools."""
    files = {"go.mod": "module w\n", "package.json": package(test="jest"), "Makefile": "test:\n"}
    assert [recipe.builder for recipe in detected(files)] == ["go", "node"]


@pytest.mark.parametrize(
    ("backend", "other"), [("maturin", "Cargo.toml"), ("scikit_build_core.build", "CMakeLists.txt")]
)
def test_what_pip_compiles_has_no_builder_of_its_own(backend: str, other: str) -> None:
    """A Python package with a part in another language is one builder."""
    pyproject = f'[project]\nname = "w"\n[build-system]\nrequires = ["x"]\nbuild-backend = "{backend}"\n'
    assert [recipe.builder for recipe in detected({"pyproject.toml": pyproject, other: ""})] == ["python"]


def test_a_tool_that_is_missing_is_brought_if_it_can_be() -> None:
    """Where this machine has no uv, Poetry or pnpm, the build installs it for itself."""
    files = {"pyproject.toml": PROJECT, "uv.lock": "", "package.json": package(test="jest"), "pnpm-lock.yaml": ""}
    python, node = detected(files, "uv", "pnpm")
    assert any("pip install uv" in line for line in commands(python))
    assert ".tools/bin/uv sync --locked" in commands(python)
    assert "npx --yes pnpm install --frozen-lockfile" in commands(node)
    assert python.needs == ("python3",)


@pytest.mark.parametrize(
    ("files", "install"),
    [
        ({"package.json": '{"packageManager": "yarn@4.5.3+sha1.0a", "scripts": {"test": "jest"}}'},
         "npx --yes @yarnpkg/cli-dist@4.5.3 install --immutable"),
        ({"package.json": '{"scripts": {"test": "jest"}}'}, "npx --yes @yarnpkg/cli-dist install --immutable"),
        ({"package.json": '{"scripts": {"test": "jest"}}', ".yarn/releases/yarn-4.5.3.cjs": ""},
         "node .yarn/releases/yarn-4.5.3.cjs install --immutable"),
    ],
    ids=["asked", "any", "kept"],
)  # fmt: skip
def test_a_modern_yarn_comes_from_the_repository_or_the_registry(files: dict[str, str], install: str) -> None:
    """Version 2 and later is another package there; Node.js doesn't bring corepack any more."""
    (found,) = detected(files | {"yarn.lock": "", ".yarnrc.yml": ""}, "yarn", "corepack")
    assert commands(found)[0] == install


def test_what_makes_configure_has_to_be_there() -> None:
    """A repository without a `configure` of its own needs autoconf; `init` says so where it is missing."""
    assert detected({"configure.ac": ""})[0].needs == ("make", "autoreconf")
    assert detected({"configure.ac": "", "configure": ""})[0].needs == ("make",)


@pytest.mark.parametrize(
    "files",
    [
        {},
        {"README.md": "hello"},
        {"pyproject.toml": "[tool.ruff]\n"},
        {"package.json": '{"devDependencies": {"prettier": "3"}}'},
        {"package.json": package(test="echo \\\"Error: no test specified\\\" && exit 1")},
        {"package.json": "not JSON"},
        {"package.json": "[" * 100_000},
        {"docs/requirements.txt": "sphinx", "examples/go.mod": "module w"},
    ],
    ids=str,
)  # fmt: skip
def test_nothing_known(files: dict[str, str]) -> None:
    """Settings of tools, an empty package and directories beside the project make no builder."""
    assert detected(files) == ()


def test_projects_below_the_root() -> None:
    """Where the root holds nothing known, each directory with a project is a builder that works there."""
    files = {"server/go.mod": "module w", "web app/package.json": package(test="jest"), "docs/package.json": "{}"}
    assert [(each.builder, each.directory) for each in detected(files)] == [
        ("server-go", "server"),
        ("web-app-node", "web app"),
    ]


def test_files_of_windows() -> None:
    """A byte-order mark and carriage returns change nothing."""
    files = {"pyproject.toml": "\ufeff" + PROJECT.replace("\n", "\r\n"), "tests/test_a.py": TEST.replace("\n", "\r\n")}
    (recipe,) = detected(files)
    assert "pip install --editable . pytest" in commands(recipe)


def test_a_file_too_large_to_be_read() -> None:
    """It counts as empty: its name alone speaks."""
    (recipe,) = detected({"go.mod": "module widget\n" + "\n" * (2 << 20)})
    assert recipe.found == ("go.mod",)
