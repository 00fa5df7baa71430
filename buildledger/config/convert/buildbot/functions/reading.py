"""The text of a function → its parameters and what it does."""

from __future__ import annotations

import ast
import textwrap
from dataclasses import dataclass

from buildledger.config.convert.buildbot.functions.symbols import TooMuchError


@dataclass(frozen=True)
class Read:
    """A function that was read."""

    parameters: list[str]
    defaults: dict[str, ast.expr]
    body: list[ast.stmt]


def read(source: str) -> Read:
    """The only function of a text.

    Raises:
        TooMuchError: There is none, or there are several, or it takes just any arguments.
    """
    tree = _parse(source)
    functions = [node for node in ast.walk(tree) if isinstance(node, ast.Lambda | ast.FunctionDef)] if tree else []
    match tree:
        case ast.Module(body=[(ast.FunctionDef() as only)]) | ast.Module(body=[ast.Expr(value=(ast.Lambda() as only))]):
            return of_node(only)
    if len(functions) != 1:
        raise TooMuchError
    return of_node(functions[0])


def of_node(function: ast.Lambda | ast.FunctionDef) -> Read:
    """A function that stands in another. Raises as `read`."""
    given = function.args
    if given.vararg or given.kwarg or given.kwonlyargs:
        raise TooMuchError
    names = [each.arg for each in [*given.posonlyargs, *given.args]]
    defaults = dict(zip(names[len(names) - len(given.defaults) :], given.defaults, strict=True))
    if isinstance(function, ast.Lambda):
        return Read(names, defaults, [ast.Return(function.body)])
    return Read(names, defaults, function.body)


def _parse(source: str) -> ast.Module | None:
    """A function's text; of a lambda it may be the lines around it, which may be half a call."""
    text = textwrap.dedent(source).strip()
    start = text.find("lambda")
    candidates = [text]
    if start >= 0 and not text.startswith(("def ", "@")):
        candidates += [text[start:end] for end in range(len(text), start, -1)]
    for candidate in candidates:
        try:
            return ast.parse(candidate)
        except (SyntaxError, ValueError):
            continue
    return None
