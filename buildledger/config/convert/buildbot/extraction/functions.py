"""Functions of a configuration: their own text, and the plain values that they use from around them."""

from __future__ import annotations

import ast
import functools
import inspect
import linecache
import sysconfig
import types
from collections.abc import Iterator
from typing import Any

SOURCE_CHARACTERS = 4_000
"""Of a function's text; a condition fits, a module of its own doesn't."""
DATA_ITEMS = 200
"""Of a value from around a function; larger ones are left out."""
_STANDARD_LIBRARY = tuple({sysconfig.get_path(name) for name in ("stdlib", "platstdlib")})


def library_name(function: Any) -> str | None:
    """`operator.or_`, `posixpath.join`: a function of Python itself; None of any other."""
    function = getattr(function, "__func__", function)
    module, name = getattr(function, "__module__", None), getattr(function, "__name__", None)
    if not isinstance(module, str) or not isinstance(name, str) or isinstance(function, type):
        return None
    if isinstance(function, types.BuiltinFunctionType):
        return f"{module.lstrip('_')}.{name}"
    code = getattr(function, "__code__", None)
    if code is not None and code.co_filename.startswith(_STANDARD_LIBRARY) and "-packages" not in code.co_filename:
        return f"{module}.{name}"
    return None


@functools.lru_cache(maxsize=None)
def source_of(code: types.CodeType) -> str:
    """The text of a function; of a lambda exactly its own, though others may stand on its line. Empty if unknown."""
    try:
        if code.co_name == "<lambda>":
            found = _lambda(code)
            if found is not None:
                return found if len(found) <= SOURCE_CHARACTERS else ""
        source = inspect.getsource(code)
    except (OSError, TypeError, SyntaxError, IndexError, ValueError, RecursionError):
        return ""
    return source if len(source) <= SOURCE_CHARACTERS else ""


def surroundings(function: Any) -> dict[str, Any]:
    """What a function means by the names that it doesn't define: data, other functions, modules."""
    code = function.__code__
    found: dict[str, Any] = {}
    for name in dict.fromkeys(_names(code)):
        if name in function.__globals__:
            found[name] = function.__globals__[name]
    found.update(inspect.getclosurevars(function).nonlocals)
    return {
        name: value
        for name, value in found.items()
        if isinstance(value, (types.FunctionType, types.BuiltinFunctionType)) or _is_small(value, [DATA_ITEMS])
    }


def _lambda(code: types.CodeType) -> str | None:
    text, lambdas = _lambdas(code.co_filename)
    found = [node for node in lambdas if node.lineno == code.co_firstlineno]
    same = [node for node in found if _signature(_compiled(node)) == _signature(code)] or found
    segments = {ast.get_source_segment(text, node) for node in same}
    return segments.pop() if len(segments) == 1 else None


@functools.lru_cache(maxsize=None)
def _lambdas(file: str) -> tuple[str, list[ast.Lambda]]:
    text = "".join(linecache.getlines(file))
    return text, [node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.Lambda)]


def _compiled(node: ast.Lambda) -> types.CodeType:
    module = compile(ast.Expression(body=node), "<lambda>", "eval")
    return next(each for each in module.co_consts if isinstance(each, types.CodeType))


def _signature(code: types.CodeType) -> Any:
    """What tells two lambdas of a line from each other; variables from around them count as names."""
    constants = [each for each in code.co_consts if not isinstance(each, types.CodeType)]
    return sorted([*code.co_names, *code.co_freevars]), [repr(each) for each in constants], code.co_varnames


def _names(code: types.CodeType) -> Iterator[str]:
    yield from code.co_names
    for each in code.co_consts:
        if isinstance(each, types.CodeType):
            yield from _names(each)


def _is_small(value: Any, budget: list[int]) -> bool:
    """Whether a value is plain data, and not too much of it."""
    budget[0] -= 1
    if budget[0] < 0:
        return False
    if isinstance(value, dict):
        return all(_is_small(key, budget) and _is_small(each, budget) for key, each in value.items())
    if isinstance(value, (list, tuple, set, frozenset)):
        return all(_is_small(each, budget) for each in value)
    return value is None or isinstance(value, (bool, int, float, str, bytes))
