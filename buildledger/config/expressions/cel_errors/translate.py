"""The engine's text → what is said, and where."""

from __future__ import annotations

import re
from typing import NamedTuple

from buildledger.config.expressions.cel_errors import functions, operands
from buildledger.config.expressions.cel_errors.found import Found, Said
from buildledger.config.expressions.cel_errors.syntax import reserved, syntax

_LOCATED = re.compile(r"ERROR: <input>:(\d+):(\d+): (.*)")
_UNKNOWN = re.compile(r"undeclared reference to '([^']*)'")
_STATUS = re.compile(r"^[A-Z_]+: |\s*\[[A-Z_]+[\])]$")


class Translated(NamedTuple):
    """A fault of an expression; line and column count from 1, 0 where nobody knows."""

    said: Said
    line: int = 0
    column: int = 0
    unknown: str = ""
    """A variable that doesn't exist; what it may be is known where the names are."""


def compiling(text: str, source: str) -> Translated:
    """Why an expression can't be compiled: the one fault of several that explains the others."""
    faults = [
        Found(source, int(line), int(column), _STATUS.sub("", said)) for line, column, said in _LOCATED.findall(text)
    ]
    if not faults:
        return Translated(other(_STATUS.sub("", _STATUS.sub("", text.strip().partition("\n")[0]))))
    for found in faults:
        unknown = _UNKNOWN.search(found.text)
        if unknown and found.rest.startswith("("):
            name = unknown[1].rpartition(".")[2]
            return Translated(functions.called(name, found), found.line, max(found.column - len(name), 1))
    found = faults[0]
    if unknown := _UNKNOWN.search(found.text):
        before_the_dot = unknown[1].rpartition(".")[0]
        return Translated(Said(""), found.line, max(found.column - len(before_the_dot), 1), unknown=unknown[1])
    return Translated(_said(found), found.line, found.column)


def _said(found: Found) -> Said:
    if word := re.match(r"reserved identifier: (\w+)", found.text):
        return reserved(word[1])
    if found.text.startswith("Syntax error"):
        return syntax(found)
    if macro := re.match(r"(\w+)\(\) variable name must be", found.text):
        return Said(f"'{macro[1]}' takes a name of your own first", f"write change.files.{macro[1]}(f, …)")
    if found.text.startswith("has()") or "invalid argument to has" in found.text:
        return Said("'has' asks for one label", "write has(worker.labels.gpu)")
    if found.text.startswith("unsupported syntax"):
        return Said("a '?' may not stand behind '[' or '.'", "has(worker.labels.gpu) asks whether a label is there")
    if re.match(r"invalid \w+ literal", found.text):
        return Said("this number is too large")
    return operands.overload(found) or operands.select(found) or other(found.text)


def result_type(name: str) -> str:
    """What an expression gives, of the engine's name of the type."""
    return operands.spelled({"null": "null_type"}.get(name, name.replace("<", "(").replace(">", ")")))


def other(text: str) -> Said:
    """What has no words of ours."""
    return Said(f"this isn't understood; the expression engine says: {text or 'nothing'}")


_EVALUATION = (
    (r'Key not found in map : "(.*)"', r"there is no '\1'", "has(…) asks whether a label is there"),
    (
        r"Index error: index=(-?\d+) size=(\d+)",
        r"element \1 is asked of a list that has \2",
        "the first is [0]; size(…) tells how many there are",
    ),
    (
        r"Index error: expected integer type.*",
        "elements of a list are numbered",
        "write 'x' in LIST to ask whether it is there",
    ),
    (r"divide by zero|modulus by zero", "something is divided by 0", ""),
    (r"cannot convert string to (int|double)", "this text is no number", ""),
    (r"Type conversion error from '(\w+)' to '(\w+)'", "a value can't be made into another type", ""),
    (r"String to (\w+) conversion failed", "this text is no time", ""),
    (r"integer overflow|.*out of range.*", "a number has become too large", ""),
    (r"Applying SELECT to non-message type", "something is asked for a field, and has none", ""),
    (
        r"(?i).*iteration.*budget.*",
        "it looks at more elements than an expression may",
        "a loop in a loop multiplies them",
    ),
)
_OVERLOADS = re.compile(r"No matching overloads? found : (.*)")
_JUMP = "<jump_condition>"


def evaluating(text: str) -> Said:
    """Why an expression has no value with the values at hand."""
    text = _STATUS.sub("", _STATUS.sub("", text.strip()))
    if invalid := re.match(r"invalid regular expression: (.*)", text):
        return pattern(invalid[1])
    if overload := _OVERLOADS.match(text):
        return _operands(overload[1])
    for known, message, hint in _EVALUATION:
        if match := re.fullmatch(known, text):
            return Said(match.expand(message), hint)
    return other(text)


def pattern(text: str) -> Said:
    """Why a text is no pattern, of RE2's words."""
    reason, _, part = text.partition(": ")
    said = {
        "missing )": "a ')' is missing",
        "unexpected )": "there is a ')' too much",
        "missing ]": "a ']' is missing",
        "no argument for repetition operator": "there is nothing before it to repeat",
        "invalid repetition operator": "that can't be repeated so",
        "bad repetition operator": "two signs of repetition stand side by side",
        "invalid escape sequence": "this escape isn't known",
        "invalid character class range": "a range begins after its end",
        "invalid perl operator": "RE2 has no lookahead, lookbehind or backreference",
        "trailing \\": "a \\ stands at its end",
        "invalid repetition size": "so often can't be asked",
        "invalid named capture group": "a group can't be called so",
        "invalid UTF-8": "it isn't text",
    }.get(reason, reason)
    return Said(f"this is no pattern: {said}" + (f", at '{part}'" if part else ""), "patterns are RE2 expressions")


def _operands(text: str) -> Said:
    if text == _JUMP or text == "!_" or re.fullmatch(r"_(?:&&|\|\|)_", text):
        return Said("a condition is wanted where something else than true or false stands")
    if text == "@in":
        return Said("'in' asks whether something is in a list, but on its right is none")
    if match := re.fullmatch(r"_?([^_\w\s]+)_?\((.*)\)", text):
        types = " and ".join(operands.spelled(kind) for kind in match[2].split(", "))
        return Said(f"'{match[1]}' can't be used with {types}")
    if match := re.fullmatch(r"\(?(\w+)\)?\.?(\w*)\((.*)\)", text):
        name, given = (match[2], [match[1], match[3]]) if match[2] else (match[1], [match[3]])
        return Said(f"'{name}' can't be used with {' and '.join(operands.spelled(kind) for kind in given if kind)}")
    return other(text)
