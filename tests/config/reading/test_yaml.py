"""Reading YAML: what isn't part of the format, limits, and traps."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from buildledger.config import limits
from buildledger.config.load import check
from buildledger.config.reading.yaml_reader import read


def codes(text: str) -> list[str]:
    """`line:column code` of what reading a text reports."""
    return [f"{problem.line}:{problem.column} {problem.code}" for problem in read(text, "ci.yaml").problems]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("3.10", 3.1),
        ("'3.10'", "3.10"),
        ("yes", "yes"),
        ("on", "on"),
        ("true", True),
        ("~", None),
        ("", None),
        ("0x1F", 31),
        ("0o17", 15),
        ("0777", 777),
        ("1_000", "1_000"),
        ("12:30", "12:30"),
        ("2024-01-01", "2024-01-01"),
        (".5", 0.5),
        ("-7", -7),
        ("1e3", 1000.0),
    ],
)
def test_core_schema(text: str, value: Any) -> None:
    """Unquoted scalars are read by the core schema of YAML 1.2."""
    document = read(f"a: {text}\n", "ci.yaml")
    assert document.problems == []
    assert document.data == {"a": value}
    assert type(document.data["a"]) in (type(value), *type(value).__subclasses__())


def test_json_is_accepted() -> None:
    """A JSON file is a configuration file, tabs and escaped surrogate pairs included."""
    document = read('{"a":[1,true,null],\n\t"b":"\\ud83d\\ude00"}', "ci.json")
    assert document.problems == []
    assert document.data == {"a": [1, True, None], "b": "😀"}


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("a: !secret x\n", ["1:4 yaml-tag"]),
        ("a: !!str 1\n", ["1:4 yaml-tag"]),
        ("a: &x {b: 1}\nc: {<<: *x}\n", ["2:5 merge-key"]),
        ("a: 1\nb: 2\na: 3\n", ["3:1 duplicate-key"]),
        ("a:\n\tb: 1\n", ["2:1 yaml-tab"]),
        ("a: b: c\n", ["1:5 yaml-syntax"]),
        ("a: [1, 2\n", ["1:4 yaml-syntax"]),
        ("a: *nope\n", ["1:4 yaml-anchor"]),
        ("a: &x [*x]\n", ["1:8 yaml-anchor"]),
        ("--- 1\n--- 2\n", ["2:1 yaml-documents"]),
        ("3.12: x\n", ["1:1 key-type"]),
        ("? [a]\n: b\n", ["1:3 key-type"]),
        ('a: "\\ud800"\n', ["1:4 yaml-character"]),
        ("a: 99999999999999999999999\n", ["1:4 number-range"]),
        ("%YAML 1.3\n---\na: 1\n", ["1:1 yaml-syntax"]),
        ("%YAML 1.1\n---\na: yes\n", ["1:1 yaml-directive"]),
        ("a: \x01\n", ["1:4 yaml-syntax"]),
    ],
)
def test_what_is_not_taken(text: str, found: list[str]) -> None:
    """What the format leaves out has a code and a place of its own."""
    assert codes(text) == found


def test_an_anchor_gives_its_value_at_each_alias() -> None:
    """Anchors are allowed; the value of an alias stands where the alias does, what is in it where the anchor is."""
    document = read("a: &x {b: [1]}\nc: *x\n", "ci.yaml")
    assert document.problems == []
    assert document.data == {"a": {"b": [1]}, "c": {"b": [1]}}
    assert document.mark(("c",)) == (2, 4)
    assert document.mark(("c", "b", 0)) == (1, 12)


def test_anchors_expand_within_a_limit() -> None:
    """A few lines that would expand to a billion values are refused."""
    lines = ["a0: &a0 [x, x, x, x, x, x, x, x, x, x]"]
    lines += [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 10)}]" for n in range(1, 10)]
    assert [code.split()[1] for code in codes("\n".join(lines))] == ["limit-anchors"]


def test_depth_is_limited() -> None:
    """Nesting is refused where it gets too deep, also when it does so through anchors."""
    assert codes("[" * 5_000) == [f"1:{limits.DEPTH + 1} limit-depth"]
    chain = ["a0: &a0 [[[[[[[[x]]]]]]]]"]
    chain += [f"a{n}: &a{n} [[[[[[[[*a{n - 1}]]]]]]]]" for n in range(1, 6)]
    assert [code.split()[1] for code in codes("\n".join(chain))] == ["limit-depth"]


def test_files_that_cannot_be_read(tmp_path: Path) -> None:
    """A file that is missing, too large or not UTF-8 is one problem, with a place where there is one."""
    file = tmp_path / "ci.yaml"
    assert [problem.code for problem in check(file)] == ["file"]
    file.write_bytes(b"# " + b"x" * limits.FILE_BYTES)
    assert [problem.code for problem in check(file)] == ["limit-file"]
    file.write_bytes(b"version: 1\na: \xff\n")
    assert [(p.line, p.column, p.code) for p in check(file)] == [(2, 4, "encoding")]
    file.write_bytes(b"\xef\xbb\xbfversion: 1\r\n")
    assert check(file) == []
    file.write_bytes(b"")
    assert "it is empty" in str(check(file)[0])
