"""Python: with pip in a virtual environment of the build's, or with uv or Poetry where the project is theirs."""

from __future__ import annotations

import shlex
from collections.abc import Iterable

from buildledger.config.init.python_project import PythonProject
from buildledger.config.init.recipe import Recipe, Report, Script, Step
from buildledger.config.init.tree import HasProgram, Tree

REPORT = "junit.xml"
VENV = ".venv"
TOOLS = ".tools"
"""A virtual environment for programs that the machine hasn't got."""
ACTIVATE = f". {VENV}/bin/activate"
MAKE_VENV = f"test -x {VENV}/bin/pip || python3 -m venv {VENV}"
PYTEST = f"python -m pytest --junitxml={REPORT}"
INSTALL_TIMEOUT, TEST_TIMEOUT = "20m", "30m"


def recipe(tree: Tree, has: HasProgram) -> Recipe | None:
    """Install the project with what its tests need, then test it with what it uses for that."""
    project = PythonProject(tree)
    files = project.files
    if not files:
        return None
    if tree.has("uv.lock") or project.tool("uv") or (not project.installable and "project" in project.pyproject):
        how, steps, needs = _with_uv(tree, project, has)
    elif project.tool("poetry") and (
        tree.has("poetry.lock") or project.tool("poetry").keys() & {"group", "dev-dependencies"}
    ):
        how, steps, needs = _with_poetry(tree, project, has)
    elif not project.says_what_tests_need and (runner := _runner_of(project)):
        how, steps, needs = _with_runner(*runner)
    else:
        how, steps, needs = _with_pip(tree, project)
    return Recipe(
        builder="python",
        language="Python",
        found=(*files, *how),
        steps=tuple(steps),
        needs=needs,
        covers=project.compiles,
    )


_Plan = tuple[list[str], list[Step], tuple[str, ...]]
"""What was found, the steps, and the programs they need."""


def _with_pip(tree: Tree, project: PythonProject) -> _Plan:
    found = [
        each
        for each in (project.extra and f"extra {project.extra}", project.group and f"group {project.group}")
        if each
    ]
    asked = [word for file in project.requirements for word in ("-r", file)]
    if project.group and not project.extra:
        asked += ["--group", project.group]
    if project.installable:
        asked += ["--editable", f".[{project.extra}]" if project.extra else "."]
    how, test = _test_in_environment(tree, project)
    if how == "pytest" and not project.asks_for_pytest:
        asked.append("pytest")
    lines = [MAKE_VENV, ACTIVATE, "pip install --upgrade pip"]
    lines += [f"pip install {shlex.join(asked)}"] if asked else []
    steps: list[Step] = [Script(name="install", lines=tuple(lines), timeout=INSTALL_TIMEOUT)]
    steps += _tested(how, (ACTIVATE, test))
    return [*found, how], steps, ("python3",)


def _with_uv(tree: Tree, project: PythonProject, has: HasProgram) -> _Plan:
    uv, needs, make = _tool("uv", has)
    options = ["--locked"] if tree.has("uv.lock") else []
    if project.extra:
        options += ["--extra", project.extra]
    if project.group not in (None, "dev"):
        options += ["--group", str(project.group)]
    sync = shlex.join([uv, "sync", *options])
    how, test = _test_in_environment(tree, project)
    run = [uv, "run", "--no-sync", *(["--with", "pytest"] if how == "pytest" and not project.asks_for_pytest else [])]
    steps: list[Step] = [Script(name="install", lines=(*make, sync), timeout=INSTALL_TIMEOUT)]
    steps += _tested(how, (f"{shlex.join(run)} {test}",))
    return ["uv", how], steps, needs


def _with_poetry(tree: Tree, project: PythonProject, has: HasProgram) -> _Plan:
    poetry, needs, make = _tool("poetry", has)
    inside = f"{poetry} config --local virtualenvs.in-project true"
    how, test = _test_in_environment(tree, project)
    steps: list[Step] = [
        Script(name="install", lines=(*make, inside, f"{poetry} install --no-interaction"), timeout=INSTALL_TIMEOUT)
    ]
    steps += _tested(how, (f"{poetry} run {test}",))
    return ["Poetry", how], steps, needs


def _with_runner(program: str, command: str) -> _Plan:
    """With tox, nox or hatch, which make environments of their own."""
    lines = (MAKE_VENV, ACTIVATE, f"pip install --upgrade pip {program}")
    steps: list[Step] = [
        Script(name="install", lines=lines, timeout=INSTALL_TIMEOUT),
        Script(name="test", lines=(ACTIVATE, command), timeout=TEST_TIMEOUT),
    ]
    return [program], steps, ("python3",)


def _runner_of(project: PythonProject) -> tuple[str, str] | None:
    if project.uses_tox:
        return "tox", "tox run -e py"
    if project.nox_session:
        return "nox", f"nox --session {project.nox_session} --no-error-on-missing-interpreters"
    if project.tool("hatch").get("envs"):
        return "hatch", _hatch_command(project)
    return None


def _hatch_command(project: PythonProject) -> str:
    environments = project.tool("hatch")["envs"]
    for environment in ("default", "test", "tests", "dev"):
        settings = environments.get(environment) if isinstance(environments, dict) else None
        scripts = settings.get("scripts", {}) if isinstance(settings, dict) else {}
        for script in ("test", "tests", "run", "pytest"):
            if script in scripts:
                return f"hatch run {environment}:{script}"
    return "hatch test"


def _test_in_environment(tree: Tree, project: PythonProject) -> tuple[str, str]:
    """What tests it, and the command for that."""
    if project.uses_pytest and project.has_tests:
        return "pytest", PYTEST
    if tree.has("manage.py"):
        return "Django", "python manage.py test"
    if project.has_tests:
        start = _discovery_directory(tree)
        return "unittest", f"python -m unittest discover{f' -s {start}' if start else ''}"
    return "no tests", f"python -m compileall -q {_compiled(tree)}"


def _discovery_directory(tree: Tree) -> str | None:
    """Where unittest has to be told to look: it finds by itself only what is in packages."""
    directory = next((name for name in ("tests", "test") if tree.matching(rf"^{name}/test[^/]*\.py$")), None)
    return None if directory is None or tree.has(f"{directory}/__init__.py") else directory


def _compiled(tree: Tree) -> str:
    packages = sorted({path.partition("/")[0] for path in tree.matching(r"^[^/.]+/.*\.py$")})
    modules = tree.matching(r"^[^/]+\.py$")
    return shlex.join([*packages, *modules][:20] or ["."])


def _tested(how: str, lines: Iterable[str]) -> list[Step]:
    steps: list[Step] = [
        Script(name="compile" if how == "no tests" else "test", lines=tuple(lines), timeout=TEST_TIMEOUT)
    ]
    return [*steps, Report(path=REPORT)] if how == "pytest" else steps


def _tool(name: str, has: HasProgram) -> tuple[str, tuple[str, ...], tuple[str, ...]]:
    """How a program is called, what has to be there for that, and the lines that bring it if this machine hasn't it."""
    if has(name):
        return name, (name,), ()
    bring = f"test -x {TOOLS}/bin/{name} || {{ python3 -m venv {TOOLS} && {TOOLS}/bin/pip install {name}; }}"
    return f"{TOOLS}/bin/{name}", ("python3",), (bring,)
