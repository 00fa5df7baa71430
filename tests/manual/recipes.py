"""The recipes of a page: what stands below each heading, what is done then, and which builds have to come of it.

What is done stands in a comment of the page that readers don't see, as YAML: `do` is a list of `commit` (with `branch`
and `files`), `wait` (for a build of a builder) and `force` (with inputs), `builds` the results of each builder,
`secrets` files to write.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

_RECIPE = re.compile(
    r"^### (?P<title>.+?)$.*?<!-- (?P<shown>.*?) -->\s*```yaml\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL
)
_BEGINNING = re.compile(r"```yaml\n(version: 1\n.*?)```", re.DOTALL)


@dataclass(frozen=True)
class Recipe:
    """One of them."""

    title: str
    configuration: dict[str, Any]
    text: str
    """What stands on the page, and the beginning that all share before it."""
    actions: tuple[dict[str, Any], ...]
    builds: dict[str, Counter[str]]
    """How many builds of each builder end with which result."""
    secrets: dict[str, str]


def read(page: Path) -> list[Recipe]:
    """All recipes of a page, in its order."""
    text = page.read_text()
    beginning = _BEGINNING.search(text)
    assert beginning
    return [_recipe(match, beginning[1]) for match in _RECIPE.finditer(text)]


def _recipe(match: re.Match[str], beginning: str) -> Recipe:
    shown = YAML(typ="safe").load(re.sub(r"^     ", "", match["shown"], flags=re.MULTILINE))
    own = YAML(typ="safe").load(match["text"])
    shared = YAML(typ="safe").load(beginning)
    kept = [
        section for section in re.split(r"^(?=\w)", beginning, flags=re.MULTILINE) if section.split(":")[0] not in own
    ]
    return Recipe(
        title=match["title"],
        configuration={**shared, **own},
        text="".join(kept) + match["text"],
        actions=tuple(_action(each) for each in shown["do"]),
        builds={builder: Counter(results) for builder, results in shown["builds"].items()},
        secrets=shown.get("secrets", {}),
    )


def _action(written: dict[str, Any]) -> dict[str, Any]:
    """`{commit: {…}}`, `{wait: builder}`, or `{force: builder, inputs: {…}}`."""
    if "wait" in written:
        return written
    if "commit" in written:
        return {"commit": {"branch": "main", "files": ["src/widget.c"], **written["commit"]}}
    inputs = {name: value for name, value in written.items() if name != "force"}
    return {"force": written["force"], "inputs": inputs}
