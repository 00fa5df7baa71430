"""Splits a CEL condition into the parts that all have to hold, so that the part that fails can be named.

The engine gives no syntax tree to Python, so the text is split where its grammar allows no doubt: at `&&` outside of
texts, comments and brackets, and only if the condition as a whole is a conjunction.
"""

from __future__ import annotations

import re
from functools import lru_cache

_TOKEN = re.compile(
    r"""
    (?P<text>
        \b[bB]?[rR][bB]?(?:\"\"\".*?\"\"\"|'''.*?'''|"[^"\n]*"|'[^'\n]*')
      | (?:\"\"\"(?:\\.|[^\\])*?\"\"\"|'''(?:\\.|[^\\])*?'''|"(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*')
    )
  | (?P<comment>//[^\n]*)
  | (?P<opening>[(\[{])
  | (?P<closing>[)\]}])
  | (?P<conjunction>&&)
  | (?P<looser>\|\||\?)
    """,
    re.VERBOSE | re.DOTALL,
)


@lru_cache(maxsize=4096)
def conjuncts(source: str) -> tuple[str, ...]:
    """The parts of which each has to hold for the whole to hold, in their order; at least one.

    A part is an expression by itself. Whatever binds looser than `&&` (`||`, `? :`) leaves the condition in one part.
    """
    depth, start = 0, 0
    parts: list[str] = []
    for token in _TOKEN.finditer(source):
        match token.lastgroup:
            case "opening":
                depth += 1
            case "closing":
                depth -= 1
            case "looser" if depth == 0:
                return (source.strip(),)
            case "conjunction" if depth == 0:
                parts.append(source[start : token.start()])
                start = token.end()
            case _:
                pass
    parts.append(source[start:])
    if len(parts) > 1:
        return tuple(inner for part in parts for inner in conjuncts(part.strip()))
    inside = _inside_parentheses(source.strip())
    found = () if inside is None else conjuncts(inside)
    return found if len(found) > 1 else (source.strip(),)


def _inside_parentheses(source: str) -> str | None:
    """What stands between parentheses that enclose the whole expression; None if none do."""
    if not source.startswith("("):
        return None
    depth = 0
    for token in _TOKEN.finditer(source):
        depth += {"opening": 1, "closing": -1}.get(token.lastgroup or "", 0)
        if depth == 0:
            return source[1:-1].strip() if token.end() == len(source) else None
    return None
