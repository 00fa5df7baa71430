"""Values of properties that come to a fixed text: with what the builder sets, and what stands for what nobody sets."""

from __future__ import annotations

from collections.abc import Callable

from buildledger.config.convert.buildbot import described
from buildledger.config.convert.buildbot.described import Value
from buildledger.config.convert.buildbot.interpolation import Piece, Positional, Substitution, parse

Known = Callable[[str], str | None]
"""A property's value by its name, where it is known."""


def fixed(value: Value, known: Known) -> str | None:
    """The text that a value comes to; None if that depends on the build.

    Raises:
        UnsayableError: Its format can't be read.
    """
    match value:
        case str():
            return value
        case described.PropertyOf(name=name, default=default):
            found = known(name)
            return fixed(default, known) if found is None else found
        case described.Interpolate():
            named = {str(key): each for key, each in value.kwargs.items}
            return _joined(parse(value.format), list(value.args.items), named, known)
        case described.WithProperties() if not value.functions.items:
            given: list[Value] = [described.PropertyOf(str(name), None, False) for name in value.args.items]
            return _joined(parse(value.format, selectors=False), given, {}, known)
        case _:
            return None


def _joined(pieces: list[Piece], given: list[Value], named: dict[str, Value], known: Known) -> str | None:
    whole = ""
    for piece in pieces:
        match piece:
            case str():
                text: str | None = piece
            case Positional():
                text = fixed(given.pop(0), known) if given else None
            case Substitution():
                text = _substituted(piece, named, known)
        if text is None:
            return None
        whole += text
    return whole


def _substituted(piece: Substitution, named: dict[str, Value], known: Known) -> str | None:
    match piece.selector:
        case "kw" if piece.key in named:
            return fixed(named[piece.key], known)
        case "prop" | "":
            found = known(piece.key)
        case "src":
            found = known(piece.key.partition(":")[2])
        case _:
            found = None
    match piece.operator:
        case "":
            return found
        case "-" | "~":
            return found or _joined(parse(piece.first), [], named, known)
        case _ if found is not None:
            return _joined(parse(piece.first if found else piece.second), [], named, known)
    return None
