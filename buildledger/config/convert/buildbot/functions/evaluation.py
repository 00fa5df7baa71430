"""Works a function out, statement by statement, with symbols for what only a build knows."""

from __future__ import annotations

import ast
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from buildledger.config.convert.buildbot.context import BuildContext
from buildledger.config.convert.buildbot.described import DictOf, Function, LibraryFunction, ListOf, Renderer
from buildledger.config.convert.buildbot.functions import library, operations
from buildledger.config.convert.buildbot.functions.reading import Read, of_node, read
from buildledger.config.convert.buildbot.functions.symbols import (
    Asked,
    Local,
    OfModule,
    Text,
    TooMuchError,
    Truth,
    choice,
    joined,
    parts_of,
    text,
    truth,
)

DEPTH = 12
"""Of calls in calls."""
STEPS = 2_000
"""Statements and expressions that one function may come to: a condition doubles what stands behind it."""
_ATTRIBUTES = frozenset({"build", "properties", "props"})
"""Of a step or a build, that lead to its properties."""
_MODULES = frozenset({"os", "operator", "posixpath"})


class _NothingError(Exception):
    """A function has ended without a return."""


@dataclass
class Evaluation:
    """One function under way, with what it calls."""

    context: BuildContext
    left: int = STEPS
    depth: int = 0

    def call(self, function: Function | Renderer, arguments: Sequence[Any]) -> Any:
        """What a function gives back.

        Raises:
            TooMuchError: It does more than is understood.
            UnsayableError: It asks for what has no counterpart.
        """
        names = {name: self.known(each) for name, each in function.names.items()}
        return self._run(read(function.source), arguments, names)

    def known(self, value: Any) -> Any:
        """A described value as the function sees it: data as Python has it, other functions, and nothing else."""
        match value:
            case ListOf(items=items):
                return [self.known(each) for each in items]
            case DictOf(items=pairs):
                return {self.known(key): self.known(each) for key, each in pairs}
            case _:
                return value

    def _run(self, function: Read, arguments: Sequence[Any], variables: dict[str, Any]) -> Any:
        self.depth += 1
        if self.depth > DEPTH or len(arguments) > len(function.parameters):
            raise TooMuchError
        local = dict(variables)
        for index, name in enumerate(function.parameters):
            if index < len(arguments):
                local[name] = arguments[index]
            elif name in function.defaults:
                local[name] = self._value(function.defaults[name], variables)
            else:
                raise TooMuchError
        try:
            return self._block(function.body, local)
        except _NothingError:
            return None
        finally:
            self.depth -= 1

    def _block(self, statements: Sequence[ast.stmt], local: dict[str, Any]) -> Any:
        """What the statements return; `_NothingError` if they don't."""
        for index, statement in enumerate(statements):
            self._count()
            match statement:
                case ast.Return(value=value):
                    return None if value is None else self._value(value, local)
                case ast.If(test=test, body=body, orelse=orelse):
                    return self._branches(test, body, orelse, statements[index + 1 :], local)
                case ast.Assign(targets=[target], value=value):
                    self._assign(target, self._value(value, local), local)
                case ast.AugAssign(target=ast.Name() | ast.Subscript() as target, op=operator, value=value):
                    before = self._value(target, local)
                    self._assign(target, operations.binary(operator, before, self._value(value, local)), local)
                case ast.Expr(value=ast.Constant()) | ast.Pass():
                    continue
                case ast.FunctionDef(name=name, decorator_list=[]):
                    raise TooMuchError(name)
                case _:
                    raise TooMuchError
        raise _NothingError

    def _branches(
        self,
        test: ast.expr,
        body: Sequence[ast.stmt],
        orelse: Sequence[ast.stmt],
        rest: Sequence[ast.stmt],
        local: dict[str, Any],
    ) -> Any:
        """Both ways, each to its end."""
        condition = truth(self._value(test, local))
        if isinstance(condition, bool):
            return self._block([*(body if condition else orelse), *rest], local)
        then = self._block([*body, *rest], _copied(local))
        return choice(condition, then, self._block([*orelse, *rest], _copied(local)))

    def _assign(self, target: ast.expr, value: Any, local: dict[str, Any]) -> None:
        match target:
            case ast.Name(id=name):
                local[name] = value
            case ast.Subscript(value=ast.Name(id=name), slice=index):
                holder, key = local.get(name), self._value(index, local)
                if not (isinstance(holder, list) and isinstance(key, int) and key < len(holder)):
                    raise TooMuchError
                holder[key] = value
            case _:
                raise TooMuchError

    def _value(self, node: ast.expr, local: dict[str, Any]) -> Any:
        self._count()
        match node:
            case ast.Constant(value=(None | bool() | int() | float() | str()) as value):
                return value
            case ast.Name(id=name):
                return self._name(name, local)
            case ast.List(elts=elements) | ast.Tuple(elts=elements) | ast.Set(elts=elements):
                return [self._value(each, local) for each in elements]
            case ast.Dict(keys=keys, values=values) if all(key is not None for key in keys):
                pairs = zip(keys, values, strict=True)
                return {self._value(key, local): self._value(each, local) for key, each in pairs if key is not None}
            case ast.Subscript(value=holder, slice=index):
                return self._item(self._value(holder, local), self._value(index, local))
            case ast.Attribute(value=holder, attr=name):
                return self._attribute(self._value(holder, local), name)
            case ast.Call(func=function, args=arguments, keywords=keywords):
                return self._call(function, arguments, keywords, local)
            case ast.Lambda():
                return Local(node, local)
        return self._operation(node, local)

    def _operation(self, node: ast.expr, local: dict[str, Any]) -> Any:
        """What is put together of other values."""
        match node:
            case ast.BoolOp(op=operator, values=operands):
                return self._boolean(operator, operands, local)
            case ast.UnaryOp(op=ast.Not(), operand=operand):
                return operations.negated(self._value(operand, local))
            case ast.UnaryOp(op=ast.USub(), operand=ast.Constant(value=int() as number)):
                return -number
            case ast.Compare(left=left, ops=[operator], comparators=[right]):
                return operations.compare(operator, self._value(left, local), self._value(right, local))
            case ast.IfExp(test=test, body=body, orelse=orelse):
                return self._chosen(test, body, orelse, local)
            case ast.BinOp(left=left, op=operator, right=right):
                return operations.binary(operator, self._value(left, local), self._value(right, local))
            case ast.JoinedStr(values=pieces):
                return text([part for piece in pieces for part in parts_of(self._value(piece, local))])
            case ast.FormattedValue(value=value, conversion=(-1 | 115), format_spec=None):
                return self._value(value, local)
        raise TooMuchError

    def _name(self, name: str, local: dict[str, Any]) -> Any:
        if name in local:
            return local[name]
        if name in _MODULES or name in library.BUILTINS:
            return OfModule(name)
        raise TooMuchError(name)

    def _boolean(self, operator: ast.boolop, operands: Sequence[ast.expr], local: dict[str, Any]) -> Any:
        """Python gives back the operand that decides; beside symbols it is their truth that counts."""
        decides = isinstance(operator, ast.Or)
        conditions: list[str] = []
        value: Any = None
        for operand in operands:
            value = self._value(operand, local)
            condition = truth(value)
            if condition is decides:
                return Truth(str(decides).lower()) if conditions else value
            if isinstance(condition, str):
                conditions.append(condition)
        if not conditions or len(operands) == 1:
            return value
        return Truth(joined("||" if decides else "&&", conditions))

    def _chosen(self, test: ast.expr, body: ast.expr, orelse: ast.expr, local: dict[str, Any]) -> Any:
        condition = truth(self._value(test, local))
        if isinstance(condition, bool):
            return self._value(body if condition else orelse, local)
        return choice(condition, self._value(body, local), self._value(orelse, local))

    def _item(self, holder: Any, key: Any) -> Any:
        if isinstance(holder, Asked) and isinstance(key, str):
            return Text((self.context.property(key),))
        if isinstance(holder, dict | list | str) and isinstance(key, str | int):
            try:
                return holder[key]  # type: ignore[index]
            except (KeyError, IndexError, TypeError):
                raise TooMuchError from None
        raise TooMuchError

    def _attribute(self, holder: Any, name: str) -> Any:
        if isinstance(holder, Asked) and name in _ATTRIBUTES:
            return holder
        if isinstance(holder, OfModule):
            return OfModule(f"{holder.name}.{name}")
        raise TooMuchError(name)

    def _call(
        self, function: ast.expr, arguments: Sequence[ast.expr], keywords: Sequence[ast.keyword], local: dict[str, Any]
    ) -> Any:
        given = [self._value(each, local) for each in arguments]
        named = {each.arg or "": self._value(each.value, local) for each in keywords}
        if isinstance(function, ast.Attribute):
            holder = self._value(function.value, local)
            if isinstance(holder, Asked):
                return self._asked(function.attr, given, named)
            if not isinstance(holder, OfModule):
                return library.method(holder, function.attr, given) if not named else _refused()
            return self.apply(OfModule(f"{holder.name}.{function.attr}"), given, named)
        return self.apply(self._value(function, local), given, named)

    def apply(self, function: Any, given: Sequence[Any], named: dict[str, Any]) -> Any:
        """What anything that can be called gives for these arguments. Raises as `call`."""
        if named:
            raise TooMuchError
        match function:
            case Function():
                return self.call(function, given)
            case Local(node=node, variables=variables):
                return self._run(of_node(node), given, variables)
            case LibraryFunction(name=name) | OfModule(name=name):
                return library.function(name, given)
        raise TooMuchError

    def _asked(self, method: str, given: Sequence[Any], named: dict[str, Any]) -> Any:
        default = named.get("default", given[1] if len(given) > 1 else None)
        match method, list(given[:1]):
            case "getProperty", [str() as name]:
                if not isinstance(default, str | None | Text) and default is not False:
                    raise TooMuchError
                reference = self.context.property(name, default if isinstance(default, str) else "")
                if not default or (isinstance(default, str) and self.context.default_of(reference, default)):
                    return Text((reference,))
                return choice(reference.truth, Text((reference,)), default)
            case "hasProperty", [str() as name]:
                return Truth(self.context.property(name).truth)
            case "getProperties" | "getBuild", []:
                return Asked()
        raise TooMuchError(method)

    def _count(self) -> None:
        self.left -= 1
        if self.left < 0:
            raise TooMuchError


def _copied(local: dict[str, Any]) -> dict[str, Any]:
    return {name: list(value) if isinstance(value, list) else value for name, value in local.items()}


def _refused() -> Any:
    raise TooMuchError
