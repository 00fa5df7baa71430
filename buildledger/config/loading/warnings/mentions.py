"""What a part of a file mentions: values of inputs and axes, in value nodes and in expressions."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from typing import Any

_IN_EXPRESSION = re.compile(r"\b(matrix|inputs)\.(\w+)")
_ROOTS = {"matrix": "matrix", "input": "inputs", "spread": "inputs"}


def mentioned(value: Any, *, without: Collection[str] = ()) -> set[str]:
    """`matrix.python`, `inputs.version`: at least those that are used, for any text may be an expression.

    `without` are keys of the mapping itself that aren't looked at. What is reached twice is looked at once.
    """
    found: set[str] = set()
    stack: list[Any] = [each for key, each in value.items() if key not in without]
    seen: set[int] = set()
    while stack:
        each = stack.pop()
        if isinstance(each, str):
            found.update(".".join(match) for match in _IN_EXPRESSION.findall(each))
        elif isinstance(each, dict | list) and id(each) not in seen:
            seen.add(id(each))
            stack.extend(each.values() if isinstance(each, dict) else each)
            found.update(_in_node(each) if isinstance(each, dict) else ())
    return found


def _in_node(node: dict[str, Any]) -> Iterator[str]:
    for key, root in _ROOTS.items():
        if isinstance(name := node.get(key), str):
            yield f"{root}.{name}"
