"""Value nodes → plain data, once a build's context is known. Pure functions; secrets stay names."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import assert_never

import msgspec

from buildledger.config import limits, paths
from buildledger.config.expressions.cel import ENGINE, ExpressionError, UnknownNameError, mentioned
from buildledger.config.resolved import Builder
from buildledger.config.values import (
    Argument,
    EnvironmentValue,
    Expression,
    InputRef,
    Plain,
    PropertyRef,
    SecretRef,
    Spread,
    Value,
)


class ChangeView(msgspec.Struct, frozen=True, kw_only=True):
    """`change.*`: what is to be built, also when nobody committed anything (then there are no files)."""

    source: str = ""
    branch: str = ""
    revision: str = ""
    """Empty while it isn't known yet."""
    files: tuple[str, ...] = ()
    """The paths that the changes touched, each once."""


class BuildView(msgspec.Struct, frozen=True, kw_only=True):
    """`build.*`: the build itself; in a success trigger's `if`, the one that has just succeeded."""

    id: str = ""
    builder: str = ""
    number: int = 0
    project: str = ""
    branch: str = ""
    revision: str = ""
    result: str = "success"
    """The worst so far, by its stored name."""


class WorkerView(msgspec.Struct, frozen=True, kw_only=True):
    """`worker.*`: the worker that runs the build, or might."""

    name: str = ""
    labels: Mapping[str, str] = msgspec.field(default_factory=dict)
    capacity: int = 1
    features: frozenset[str] | None = None
    """What it offers of the worker protocol; None: it has never connected. No expression sees it."""


class Context(msgspec.Struct, frozen=True, kw_only=True):
    """All that a value may depend on. Leave at its default what can't be known at the moment of asking."""

    inputs: Mapping[str, Plain] = msgspec.field(default_factory=dict)
    matrix: Mapping[str, str | int | bool] = msgspec.field(default_factory=dict)
    properties: Mapping[str, Plain] = msgspec.field(default_factory=dict)
    change: ChangeView = ChangeView()
    build: BuildView = BuildView()
    worker: WorkerView = WorkerView()


class EvaluationError(ValueError):
    """A value can't be had from this context: the build is at fault, or its configuration; never the worker."""


def value(node: Value, context: Context) -> Plain:
    """The plain value of a node.

    Raises:
        EvaluationError
    """
    match node:
        case InputRef(name):
            return _known(context.inputs, name, "input")
        case PropertyRef(name):
            return _known(context.properties, name, "property")
        case Expression():
            return _expression(node, context)
        case str() | bool() | int() | tuple():
            return node
        case _:
            assert_never(node)


def text(node: Value, context: Context) -> str:
    """The same as one text: a number in decimal, a boolean as `true` or `false`.

    Raises:
        EvaluationError
    """
    plain = value(node, context)
    match plain:
        case bool():
            return "true" if plain else "false"
        case int():
            return str(plain)
        case str() if "\0" in plain:
            raise EvaluationError("a text for a program can't hold a NUL character")
        case str():
            return plain
        case tuple():
            raise EvaluationError("a list can't be one text: use {spread: …} to make arguments of its elements")
        case _:
            assert_never(plain)


def argv(arguments: Iterable[Argument], context: Context) -> tuple[str, ...]:
    """The arguments of a program, lists spread.

    Raises:
        EvaluationError
    """
    result: list[str] = []
    for argument in arguments:
        if isinstance(argument, Spread):
            elements = value(argument.value, context)
            if not isinstance(elements, tuple):
                raise EvaluationError(f"{{spread: …}} needs a list, not {elements!r}")
            result.extend(text(element, context) for element in elements)
        else:
            result.append(text(argument, context))
    if not result or not result[0]:
        raise EvaluationError("there is no program to run: the first argument is missing or empty")
    if len(result) > limits.ARGUMENTS:
        raise EvaluationError(f"a program gets at most {limits.ARGUMENTS} arguments, not {len(result)}")
    return tuple(result)


def environment(env: Mapping[str, EnvironmentValue], context: Context) -> dict[str, str | SecretRef | None]:
    """The variables for a program; None: to be unset; a secret stays its name.

    Raises:
        EvaluationError
    """
    return {
        name: node if node is None or isinstance(node, SecretRef) else text(node, context) for name, node in env.items()
    }


def relative_path(node: Value, context: Context) -> str:
    """A path inside the build's directory.

    Raises:
        EvaluationError: If it would lead out of it.
    """
    path = text(node, context)
    if reason := paths.fault(path):
        raise EvaluationError(f"{reason}: {path!r}")
    return path


def condition(expression: Expression | None, context: Context) -> bool:
    """Whether a condition holds; no condition always does.

    Raises:
        EvaluationError
    """
    if expression is None:
        return True
    holds = _expression(expression, context)
    if not isinstance(holds, bool):
        raise EvaluationError(f"'{expression.source}' gives {holds!r}, not true or false")
    return holds


def worker_fits(builder: Builder, context: Context) -> bool:
    """Whether `context.worker` may run this builder. A label that the worker doesn't have fits nothing."""
    try:
        return condition(builder.worker, context)
    except EvaluationError:
        return False


def priority(builder: Builder, context: Context) -> int:
    """A request's priority, kept within its limits.

    Raises:
        EvaluationError
    """
    plain = builder.priority if isinstance(builder.priority, int) else _expression(builder.priority, context)
    if isinstance(plain, bool) or not isinstance(plain, int):
        raise EvaluationError(f"a priority is a whole number, not {plain!r}")
    return max(-limits.PRIORITY, min(limits.PRIORITY, plain))


def preference(expression: Expression, worker: WorkerView) -> int | None:
    """How much a worker is to be preferred; None if it lacks a label that the expression asks for."""
    try:
        number = _expression(expression, Context(worker=worker))
    except EvaluationError:
        return None
    return number if isinstance(number, int) else None


def properties(builder: Builder, context: Context) -> dict[str, Plain]:
    """What the builder's properties are before its first step.

    Raises:
        EvaluationError
    """
    return {name: value(node, context) for name, node in builder.properties.items()}


def _expression(expression: Expression, context: Context) -> Plain:
    names: dict[str, Plain | Mapping[str, str]] = {}
    for name in mentioned(expression.source):
        if (known := variable(name, expression, context)) is not None:
            names[name] = known
    try:
        return ENGINE.evaluate(expression.source, names)
    except UnknownNameError as error:
        raise EvaluationError(f"'{expression.source}': {error.name} has no value in this build") from error
    except ExpressionError as error:
        hint = f" ({error.hint})" if error.hint else ""
        raise EvaluationError(f"'{expression.source}': {error.message}{hint}") from error


def variable(name: str, expression: Expression, context: Context) -> Plain | Mapping[str, str] | None:
    """What a dotted name in an expression stands for; None: nothing. `scopes.py` says which are known where.

    Raises:
        EvaluationError
    """
    root, _, field = name.partition(".")
    if root == "inputs" and field in expression.bind:
        return value(expression.bind[field], context)
    holder = getattr(context, root)
    found: Plain | Mapping[str, str] | None = (
        holder.get(field) if isinstance(holder, Mapping) else getattr(holder, field, None)
    )
    return found


def _known(values: Mapping[str, Plain], name: str, kind: str) -> Plain:
    try:
        return values[name]
    except KeyError:
        raise EvaluationError(f"{kind} '{name}' has no value in this build") from None
