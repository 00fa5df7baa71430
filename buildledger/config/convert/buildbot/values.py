"""Buildbot's values as texts with references in them: `Interpolate`, `Property`, `WithProperties` and the like."""

from __future__ import annotations

import re
from typing import Any

from buildledger.config.convert.buildbot import described, references
from buildledger.config.convert.buildbot.account import UnsayableError
from buildledger.config.convert.buildbot.context import BuildContext
from buildledger.config.convert.buildbot.described import Place, Value
from buildledger.config.convert.buildbot.functions import symbols
from buildledger.config.convert.buildbot.functions.evaluation import Evaluation
from buildledger.config.convert.buildbot.functions.symbols import Asked, TooMuchError, parts_of
from buildledger.config.convert.buildbot.interpolation import Piece, Positional, Substitution, parse
from buildledger.config.convert.buildbot.references import BUILD_DIRECTORY, Part, Reference


def where(place: Place | None) -> str:
    """` (master.cfg:12)`; nothing if it isn't known."""
    return "" if place is None or place.line is None else f" (line {place.line} of {place.file.rpartition('/')[2]})"


def parts(value: Value, context: BuildContext) -> list[Part]:
    """A value as one text.

    Raises:
        UnsayableError: It is made by code, is no text, or refers to what isn't known here.
    """
    match value:
        case bool() | int() | float():
            return [str(value)]
        case str():
            return [value]
        case described.PropertyOf():
            return _property(value, context)
        case described.Interpolate():
            return _interpolate(value, context)
        case described.WithProperties():
            return _with_properties(value, context)
        case described.SecretOf() | described.Hidden():
            raise UnsayableError("a secret reaches a program through env only", "give it as {secret: …} in env")
        case described.Operator(left=left, operator="+", right=right):
            return [*parts(left, context), *parts(right, context)]
        case described.Renderer() | described.Transform():
            try:
                return parts_of(worked_out(value, context))
            except TooMuchError:
                raise unsayable(value) from None
        case _:
            raise unsayable(value)


def worked_out(value: Value, context: BuildContext) -> Any:
    """What a renderer or a `Transform` makes, as Python's own data with symbols for what only a build knows.

    Raises:
        TooMuchError: It does more than is understood.
        UnsayableError: It asks for what has no counterpart.
    """
    evaluation = Evaluation(context)
    match value:
        case described.Renderer():
            return evaluation.call(value, [Asked()])
        case described.Transform(function=function, args=args, kwargs=kwargs):
            given = [worked_out(each, context) for each in args.items]
            named = {str(name): worked_out(each, context) for name, each in kwargs.items}
            return evaluation.apply(function, given, named)
        case described.ListOf(items=elements):
            return [worked_out(each, context) for each in elements]
        case described.DictOf(items=pairs):
            return {worked_out(key, context): worked_out(each, context) for key, each in pairs}
        case None | bool() | int() | float():
            return value
        case _:
            return symbols.text(parts(value, context))


def text(value: Value, context: BuildContext) -> Any:
    """A value as the format writes it: fixed text or a value node. Raises as `parts`."""
    return references.node(parts(value, context))


def path(value: Value, context: BuildContext) -> tuple[Any, bool]:
    """A path as the format writes it, and whether it was said from the build's directory on. Raises as `parts`."""
    whole = parts(value, context)
    if whole[:1] != [BUILD_DIRECTORY]:
        return references.node(whole), False
    rest = references.merged(whole[1:])
    if rest and isinstance(rest[0], str):
        rest[0] = rest[0].lstrip("/")
    return references.node(rest) or ".", True


def plain(value: Value) -> str | None:
    """Fixed text; None if it is something else."""
    return value if isinstance(value, str) else None


def arguments(value: Value, context: BuildContext) -> list[list[Part]]:
    """The arguments of a program, nested lists flattened as Buildbot does. Raises as `parts`."""
    match value:
        case described.ListOf(items=items):
            return [argument for item in items for argument in arguments(item, context)]
        case described.Flatten(items=items):
            return arguments(items, context)
        case None:
            raise UnsayableError("one of its arguments is None", "write it as text")
        case described.Renderer() | described.Transform():
            try:
                made = worked_out(value, context)
                return [parts_of(each) for each in made] if isinstance(made, list) else [parts_of(made)]
            except TooMuchError:
                raise unsayable(value) from None
        case _:
            return [parts(value, context)]


def makes_list(value: Value, context: BuildContext) -> bool:
    """Whether it is a renderer or a `Transform` that gives a list."""
    if not isinstance(value, described.Renderer | described.Transform):
        return False
    try:
        return isinstance(worked_out(value, context), list)
    except (TooMuchError, UnsayableError):
        return False


def unsayable(value: Value) -> UnsayableError:
    """Why a value can't be said at all."""
    match value:
        case described.Function(name=name, place=place):
            what = "a lambda" if name == "<lambda>" else f"the function '{name}'"
            return UnsayableError(f"it is {what}{where(place)}", "say it as an expression: {expr: CEL}")
        case described.Renderer(name=name, place=place):
            return UnsayableError(
                f"it is made by the renderer '{name}'{where(place)}", "say it as an expression: {expr: CEL}"
            )
        case described.Transform(function=(described.Function() | described.LibraryFunction()) as function):
            name = unsayable(function).why.removeprefix("it is ")
            return UnsayableError(f"it is made by a Transform of {name}", "say it as an expression: {expr: CEL}")
        case described.LibraryFunction(name=name):
            return UnsayableError(f"it is {name}()", "say it as an expression: {expr: CEL}")
        case described.Thing() | described.Opaque() | described.ClassValue():
            return UnsayableError(
                "it is an object made by code", "say it as an expression, or in a script of the repository"
            )
        case _:
            return UnsayableError(f"it is no text but {type(value).__name__}")


def _property(value: described.PropertyOf, context: BuildContext) -> list[Part]:
    default = value.default
    reference = context.property(value.name, default if isinstance(default, str) else "")
    if default is None or default == "" or context.default_of(reference, default):
        return [reference]
    fallback = references.expression(parts(default, context))
    return [_choice(reference, reference.text, fallback)]


def _choice(reference: Reference, then: str, otherwise: str) -> Reference:
    return Reference(reference.name, f"{reference.truth} ? {then} : {otherwise}", may_be_empty=False)


def _interpolate(value: described.Interpolate, context: BuildContext) -> list[Part]:
    named = {str(key): each for key, each in value.kwargs.items}
    return _pieces(parse(value.format), list(value.args.items), named, context)


def _pieces(pieces: list[Piece], given: list[Value], named: dict[str, Value], context: BuildContext) -> list[Part]:
    result: list[Part] = []
    for piece in pieces:
        match piece:
            case str():
                result.append(piece)
            case Positional():
                if not given:
                    raise UnsayableError("its format has more %s than it has arguments")
                result += parts(given.pop(0), context)
            case Substitution():
                result += _substituted(piece, named, context)
    return _in_build(references.merged(result), context.base)


def _in_build(parts: list[Part], base: str) -> list[Part]:
    """`%(prop:builddir)s/build` is the build's directory here: there is none around it."""
    result = list(parts)
    for index, part in enumerate(parts[:-1]):
        after = parts[index + 1]
        if part == BUILD_DIRECTORY and isinstance(after, str) and re.match(rf"/{re.escape(base)}(?![\w.-])", after):
            result[index + 1] = after[len(base) + 1 :]
    return references.merged(result)


def _substituted(piece: Substitution, named: dict[str, Value], context: BuildContext) -> list[Part]:
    def inner(form: str) -> list[Part]:
        return _pieces(parse(form), [], named, context)

    if piece.selector == "kw":
        return _keyword(piece, named, context)
    if piece.selector == "secret":
        raise UnsayableError(
            "a secret reaches a program through env only", f"give it as {{secret: {piece.key}}} in env"
        )
    default = ""
    if piece.operator in ("-", "~"):
        simple = references.merged(inner(piece.first))
        default = simple[0] if len(simple) == 1 and isinstance(simple[0], str) else ""
    reference = _referred(piece, context, default)
    match piece.operator:
        case "":
            return [reference]
        case "-" | "~":
            if context.default_of(reference, piece.first) or not piece.first:
                return [reference]
            return [_choice(reference, reference.text, references.expression(inner(piece.first)))]
        case "+":
            return [_choice(reference, references.expression(inner(piece.first)), "''")]
        case _:
            then, otherwise = (references.expression(inner(form)) for form in (piece.first, piece.second))
            return [_choice(reference, then, otherwise)]


def _keyword(piece: Substitution, named: dict[str, Value], context: BuildContext) -> list[Part]:
    value = named.get(piece.key)
    if value is None:
        return _pieces(parse(piece.first), [], named, context) if piece.operator in ("-", "~") else []
    if piece.operator not in ("", "-"):
        raise UnsayableError(f"'%(kw:{piece.key}:{piece.operator}…)s' has no counterpart", "say it as an expression")
    return parts(value, context)


def _referred(piece: Substitution, context: BuildContext, default: str) -> Reference:
    match piece.selector:
        case "prop" | "":
            return context.property(piece.key, default)
        case "src":
            codebase, _, attribute = piece.key.partition(":")
            return context.stamp(codebase, attribute)
        case "worker":
            return context.worker(piece.key)
        case _:
            raise UnsayableError(f"'%({piece.selector}:…)s' has no counterpart")


def _with_properties(value: described.WithProperties, context: BuildContext) -> list[Part]:
    if value.functions.items:
        raise UnsayableError("its values are made by functions", "say it as an expression: {expr: CEL}")
    names = [described.PropertyOf(str(name), None, default_when_false=False) for name in value.args.items]
    return _pieces(parse(value.format, selectors=False), list(names), {}, context)
