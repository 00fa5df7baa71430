"""What looks as if a shell or another system would act on it, where nobody does, is warned of."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from buildledger.config.load import check, load

Warnings = Callable[[str], list[str]]


@pytest.fixture
def warnings(tmp_path: Path) -> Warnings:
    """The codes of the warnings that a step has; it can be loaded all the same."""
    file = tmp_path / "ci.yaml"

    def of(step: str) -> list[str]:
        workers = "workers: {w: {}}\n"
        file.write_text(f"version: 1\n{workers}builders:\n  b:\n    steps:\n      - {step}\n")
        load(file)
        found = check(file)
        assert {problem.severity for problem in found} <= {"warning"}
        return [problem.code for problem in found]

    return of


@pytest.mark.parametrize(
    "arguments",
    [
        "make, '&&', make, install",
        "cat, a, '|', sort",
        "echo, x, '>', out.txt",
        "echo, x, '>out.txt'",
        "make, '2>&1'",
        "make, ;, make",
        "echo, $HOME",
        "ls, '${HOME}/bin'",
        "echo, $(date)",
        "echo, '`date`'",
        "rm, '*'",
        "rm, -f, --, build/*.o, x*.c",
        "ls, ~/src",
        "'make test'",
    ],
)
def test_shell_syntax_in_arguments(warnings: Warnings, arguments: str) -> None:
    """A program gets it as an argument; that `script` has a shell is said."""
    codes = warnings(f"run: [{arguments}]")
    assert codes
    assert set(codes) == {"shell-syntax"}
    assert set(warnings(f"{{set_property: p, run: [{arguments}]}}")) == {"shell-syntax"}


@pytest.mark.parametrize(
    "arguments",
    [
        "find, ., -name, '*.py'",
        "ruff, check, 'src/**/*.py'",
        "awk, '{print $1}'",
        "grep, -E, '^a$|b', f",
        "sh, -c, 'cd x && make > log'",
        "bash, -ec, 'echo $HOME', '*'",
        "pytest, -k, 'a and not b', --maxfail=1",
        "echo, 'a -> b', '=>', '<b>', 5$",
        "make, test",
    ],
)
def test_what_programs_take_themselves(warnings: Warnings, arguments: str) -> None:
    """Patterns after options, scripts for a shell, and texts that only hold such characters are left alone."""
    assert warnings(f"run: [{arguments}]") == []


@pytest.mark.parametrize(
    "step",
    [
        "run: [echo, '${{ github.sha }}']",
        "{run: [x], env: {A: 'v-${{ matrix.a }}'}}",
        "script: 'echo ${{ inputs.x }}'",
        "{run: [x], workdir: '${{ a }}'}",
        "{run: [x], name: 'for ${{ a }}'}",
        "{upload: 'dist/${{ a }}'}",
        "{upload: dist, to: '${{ a }}'}",
        "{upload: ., files: ['${{ a }}/*'], to: x}",
        "{download: '${{ a }}', from: build, optional: true}",
        "{download: x, from: build, into: '${{ a }}', optional: true}",
        "{test_report: '${{ a }}.xml'}",
        "{set_property: p, value: '${{ a }}'}",
    ],
)
def test_expressions_of_other_systems(warnings: Warnings, step: str) -> None:
    """They stay as they are, wherever they stand; what stands for them is said."""
    assert warnings(step) == ["template-syntax"]


def test_expressions_of_other_systems_beside_steps(tmp_path: Path) -> None:
    """Wherever text stands, once a place."""
    file = tmp_path / "ci.yaml"
    file.write_text("""version: 1
workers: {w: {labels: {a: "${{ a }}"}}}
builders:
  b: {description: "${{ b }}", env: {A: "${{ c }}"}, properties: {p: "${{ d }}"}, steps: [{run: [x]}]}
""")
    assert [problem.code for problem in check(file)] == ["template-syntax"] * 4


def test_variables_of_variables(warnings: Warnings) -> None:
    """A variable's value isn't expanded either, not even for a script."""
    assert warnings("{script: make, env: {PATH: '$HOME/bin'}}") == ["shell-syntax"]
    assert warnings("{run: [x], env: {PRICE: '5$', TEXT: 'costs $5 a day'}}") == []
