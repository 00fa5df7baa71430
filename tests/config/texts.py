"""Short ways to load text and to read what is wrong with it."""

from __future__ import annotations

import textwrap
from pathlib import Path

import pytest

from buildledger.config.problems.codes import CODES
from buildledger.config.problems.problem import ConfigErrors
from buildledger.config.resolved import Builder, Configuration
from buildledger.testing.configuration import load_text

REPOSITORY = Path(__file__).parents[2]
EXAMPLES = REPOSITORY / "examples"
BASE = """\
version: 1
sources: {widget: {git: "https://git.example/widget.git"}}
"""


def loaded(text: str) -> Configuration:
    """The configuration of a text, secrets not looked for."""
    return load_text(textwrap.dedent(text), secrets_required=False)


def with_builder(body: str) -> Builder:
    """The builder `b` that has this YAML as its body."""
    return loaded(f"{BASE}builders:\n  b:\n{textwrap.indent(textwrap.dedent(body), '    ')}").builders["b"]


def problems(text: str, *, secrets_required: bool = False) -> list[str]:
    """`line:column code` of each problem of a text that can't be loaded, in the order of the file."""
    return [f"{problem.line}:{problem.column} {problem.code}" for problem in _errors(text, secrets_required).problems]


def messages(text: str, *, secrets_required: bool = False) -> str:
    """All problems as people read them."""
    return str(_errors(text, secrets_required))


def _errors(text: str, secrets_required: bool) -> ConfigErrors:
    with pytest.raises(ConfigErrors) as caught:
        load_text(textwrap.dedent(text), secrets_required=secrets_required)
    assert {problem.code for problem in caught.value.problems} <= CODES.keys()
    return caught.value
