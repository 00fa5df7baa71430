"""Values that a file gives to inputs: by `with`, as a default, and as the values that are allowed."""

from __future__ import annotations

import pytest

from buildledger.config.steps.run import RunStep
from tests.config.texts import loaded, messages

TEMPLATE = """\
version: 1
templates:
  t:
    inputs: {{x: {spec}}}
    steps: [{{run: [echo, {{{node}: x}}]}}]
builders:
  b: {{use: t, with: {{{given}}}}}
"""


def text(spec: str, given: str = "") -> str:
    """A file whose builder gives a value to the input of its template."""
    return TEMPLATE.format(spec=spec, given=given, node="spread" if "list" in spec else "input")


@pytest.mark.parametrize(
    ("spec", "given", "argv"),
    [
        ("{}", "x: 1", ("1",)),
        ("{}", "x: -7", ("-7",)),
        ("{enum: [1, 2]}", "x: 2", ("2",)),
        ("{enum: [1, 2]}", 'x: "1"', ("1",)),
        ("{default: 8}", "", ("8",)),
        ("{pattern: '^[0-9]+$'}", "x: 64", ("64",)),
        ("{type: list}", "x: 1", ("1",)),
        ("{type: list}", "x: [1, a]", ("1", "a")),
        ("{type: list, default: 5}", "", ("5",)),
        ("{type: integer}", "x: 0x10", ("16",)),
        ("{type: integer, enum: [8, 16]}", "x: 8", ("8",)),
    ],
)
def test_whole_numbers_are_text_where_text_is_wanted(spec: str, given: str, argv: tuple[str, ...]) -> None:
    """The same for `with`, `default` and `enum`; one value is a list of one."""
    (step,) = loaded(text(spec, given)).builders["b"].steps
    assert isinstance(step, RunStep)
    assert step.argv == ("echo", *argv)


@pytest.mark.parametrize("axis", ["3", '"3"'])
def test_numbers_of_a_matrix_are_taken_as_text(axis: str) -> None:
    """A whole number on an axis can be given to an input of text."""
    matrix = f"""\
    version: 1
    templates: {{t: {{inputs: {{x: {{}}}}, steps: [{{run: [echo, {{input: x}}]}}]}}}}
    builders: {{b: {{matrix: {{axes: {{v: [{axis}]}}}}, use: t, with: {{x: {{matrix: v}}}}}}}}
    """
    (step,) = loaded(matrix).builders["b[3]"].steps
    assert isinstance(step, RunStep)
    assert step.argv == ("echo", "3")


@pytest.mark.parametrize(
    ("spec", "given", "said"),
    [
        ("{}", "x: 3.12", "ci.yaml:7:25: 3.12 was read as the number 3.12: quote it"),
        ("{}", "x: 3.10", 'ci.yaml:7:25: 3.10 was read as the number 3.1: quote it (write "3.10")'),
        ("{default: 3.10}", "", "ci.yaml:4:27: 3.10 was read as the number 3.1: quote it"),
        ("{enum: [3.9, 3.10]}", "", "ci.yaml:4:30: 3.10 was read as the number 3.1: quote it"),
        ("{}", "x: 007", "007 was read as the number 7: quote it"),
        ("{default: 0x1F}", "", "0x1F was read as the number 31: quote it"),
        ("{}", "x: true", "true was read as the boolean true: quote it"),
        ("{type: integer}", 'x: "8"', "expected a whole number, found the text '8': write it without quotes"),
        ("{type: boolean}", "x: yes", "expected true or false, found the text 'yes': write true, without quotes"),
        ("{type: integer, enum: [a]}", "x: 1", "expected a whole number, found the text 'a'"),
    ],
)
def test_what_is_said_of_other_values(spec: str, given: str, said: str) -> None:
    """What it was read as, and what to write instead."""
    assert said in messages(text(spec, given))
