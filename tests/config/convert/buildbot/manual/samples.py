"""The samples of Buildbot's documentation, as they are printed."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

PAGES = (
    "docs/tutorial/*.rst",
    "docs/manual/configuration/**/*.rst",
    "docs/manual/customization/*.rst",
    "docs/manual/secretsmanagement.rst",
    "docs/manual/deploy.rst",
    "docs/manual/cmdline.rst",
    "docs/manual/plugins.rst",
)
"""Pages about a `master.cfg`. Upgrading, installation and development are left out: old code, or a worker's."""
FILES = ("docs/examples/*.cfg", "buildbot/scripts/sample.cfg")
"""Whole configurations."""
_DIRECTIVE = re.compile(r"^(\s*)\.\. code-block::\s*python\s*$")
_LITERAL = re.compile(r"^(\s*)(?!\.\. )\S.*::\s*$")


@dataclass(frozen=True)
class Sample:
    """A piece of configuration."""

    place: str
    """`manual/configuration/workers.rst:35`."""
    text: str
    marked: bool
    """The page says that it is Python; else it is a block that may be anything."""


def samples(master: Path) -> list[Sample]:
    """All of them, page by page, from top to bottom."""
    found: list[Sample] = []
    for pattern in PAGES:
        for page in sorted(master.glob(pattern)):
            name = str(page.relative_to(master / "docs"))
            found += [Sample(f"{name}:{line}", text, marked) for line, text, marked in _blocks(page.read_text())]
    for pattern in FILES:
        for file in sorted(master.glob(pattern)):
            found.append(Sample(str(file.relative_to(master)), file.read_text(), marked=True))
    return found


def _blocks(page: str) -> Iterator[tuple[int, str, bool]]:
    """The line above each block, its text, and whether it is said to be Python."""
    lines = page.expandtabs().splitlines()
    index = 0
    while index < len(lines):
        directive, literal = _DIRECTIVE.match(lines[index]), _LITERAL.match(lines[index])
        index += 1
        if (opening := directive or literal) is None:
            continue
        start, indent = index, len(opening[1])
        while index < len(lines) and (not lines[index].strip() or _indent(lines[index]) > indent):
            index += 1
        body = [line for line in lines[start:index] if not (directive and re.match(r"\s*:\w+:", line))]
        if text := textwrap.dedent("\n".join(body)).strip("\n"):
            yield start, text + "\n", directive is not None


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip())
