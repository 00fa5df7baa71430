"""Conditions of Buildbot as CEL: properties that are compared, and functions that are one simple expression."""

from __future__ import annotations

import ast
import textwrap

from buildledger.config.convert.buildbot import described, references, values
from buildledger.config.convert.buildbot.context import BuildContext
from buildledger.config.convert.buildbot.described import Value
from buildledger.config.convert.buildbot.references import Reference, literal

_COMPARED = {"==": "==", "!=": "!=", "in": "in"}


def condition(value: Value, context: BuildContext) -> str:
    """An expression that is true or false.

    Raises:
        UnsayableError: It can't be read, or asks for what isn't known.
    """
    match value:
        case bool():
            return "true" if value else "false"
        case described.Operator(left=left, operator=("==" | "!=") as operator, right=right):
            return f"{_text(left, context)} {operator} {_text(right, context)}"
        case described.Operator(left=left, operator="in", right=described.ListOf(items=items)):
            return f"{_text(left, context)} in [{', '.join(_text(item, context) for item in items)}]"
        case described.PropertyOf() | described.Interpolate():
            parts = values.parts(value, context)
            if len(parts) == 1 and isinstance(parts[0], Reference):
                return parts[0].truth
            return f"({references.expression(parts)}) != ''"
        case described.Function() | described.Renderer():
            return _function(value, context)
        case _:
            raise values.unsayable(value)


def _text(value: Value, context: BuildContext) -> str:
    if value is None:
        return "''"
    return references.expression(values.parts(value, context))


def _function(function: described.Function | described.Renderer, context: BuildContext) -> str:
    unreadable = values.unsayable(function)
    found = _returned(function.source)
    if found is None:
        raise unreadable
    parameter, body = found
    try:
        return _Translation(parameter, context).truth(body)
    except _TooMuchError:
        raise unreadable from None


def _returned(source: str) -> tuple[str, ast.expr] | None:
    """The parameter, and the expression that a function gives back, if it is nothing but that."""
    tree = _parse(source)
    if tree is None:
        return None
    functions = [node for node in ast.walk(tree) if isinstance(node, ast.Lambda | ast.FunctionDef)]
    if len(functions) != 1 or not functions[0].args.args:
        return None
    (only,) = functions
    parameter = only.args.args[0].arg
    if isinstance(only, ast.Lambda):
        return parameter, only.body
    body = [node for node in only.body if not (isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant))]
    if len(body) == 1 and isinstance(body[0], ast.Return) and body[0].value is not None:
        return parameter, body[0].value
    return None


def _parse(source: str) -> ast.Module | None:
    """A function's text; of a lambda it is the lines around it, which may be half a call."""
    text = textwrap.dedent(source).strip()
    start = text.find("lambda")
    candidates = [text]
    if start >= 0:
        candidates += [text[start:end] for end in range(len(text), start, -1)]
    for candidate in candidates:
        try:
            return ast.parse(candidate)
        except (SyntaxError, ValueError):
            continue
    return None


class _TooMuchError(Exception):
    """More than a simple expression over properties."""


class _Translation:
    """Python over `step.getProperty(...)` → CEL."""

    def __init__(self, parameter: str, context: BuildContext) -> None:
        self._parameter = parameter
        self._context = context

    def truth(self, node: ast.expr) -> str:
        match node:
            case ast.Constant(value=bool() as value):
                return "true" if value else "false"
            case ast.BoolOp(op=operator, values=parts):
                sign = " && " if isinstance(operator, ast.And) else " || "
                return sign.join(self._grouped(part) for part in parts)
            case ast.UnaryOp(op=ast.Not(), operand=operand):
                return f"!({self.truth(operand)})"
            case ast.Compare(left=left, ops=[operator], comparators=[right]):
                return self._comparison(left, operator, right)
            case ast.Call(func=ast.Attribute(value=value, attr=("startswith" | "endswith") as method), args=[argument]):
                function = {"startswith": "startsWith", "endswith": "endsWith"}[method]
                return f"{self._text(value)}.{function}({self._text(argument)})"
            case ast.Call(func=ast.Attribute(attr="hasProperty"), args=[ast.Constant(value=str() as name)]):
                return self._context.property(name).truth
            case _:
                return self._reference(node).truth

    def _grouped(self, node: ast.expr) -> str:
        text = self.truth(node)
        return f"({text})" if isinstance(node, ast.BoolOp) else text

    def _comparison(self, left: ast.expr, operator: ast.cmpop, right: ast.expr) -> str:
        match operator, right:
            case ((ast.Is() | ast.Eq()), ast.Constant(value=(None | False))):
                return f"!({self._reference(left).truth})"
            case ((ast.IsNot() | ast.NotEq()), ast.Constant(value=(None | False))):
                return self._reference(left).truth
            case ((ast.Is() | ast.Eq()), ast.Constant(value=True)):
                return self._reference(left).truth
            case ((ast.Eq() | ast.NotEq()), _):
                sign = "==" if isinstance(operator, ast.Eq) else "!="
                return f"{self._text(left)} {sign} {self._text(right)}"
            case (
                (ast.In() | ast.NotIn()),
                (ast.List(elts=elements) | ast.Tuple(elts=elements) | ast.Set(elts=elements)),
            ):
                found = f"{self._text(left)} in [{', '.join(self._text(each) for each in elements)}]"
                return found if isinstance(operator, ast.In) else f"!({found})"
            case ((ast.In() | ast.NotIn()), _):
                found = f"{self._text(right)}.contains({self._text(left)})"
                return found if isinstance(operator, ast.In) else f"!{found}"
        raise _TooMuchError

    def _text(self, node: ast.expr) -> str:
        match node:
            case ast.Constant(value=(str() | int()) as value):
                return literal(str(value))
            case _:
                return self._reference(node).text

    def _reference(self, node: ast.expr) -> Reference:
        """`step.getProperty("x")`, `step.build.getProperty("x", default)`, `props.getProperty("x")`, `props["x"]`."""
        match node:
            case ast.Call(
                func=ast.Attribute(attr="getProperty", value=owner), args=[ast.Constant(value=str() as name), *_]
            ):
                self._ours(owner)
                return self._context.property(name)
            case ast.Subscript(value=owner, slice=ast.Constant(value=str() as name)):
                self._ours(owner)
                return self._context.property(name)
            case ast.Call(func=ast.Name(id=("str" | "bool")), args=[inner]):
                return self._reference(inner)
        raise _TooMuchError

    def _ours(self, node: ast.expr) -> None:
        while isinstance(node, ast.Attribute):
            if node.attr not in ("build", "properties"):
                raise _TooMuchError
            node = node.value
        if not (isinstance(node, ast.Name) and node.id == self._parameter):
            raise _TooMuchError
