"""What a YAML parser finds wrong, in words for people who have never read a grammar."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

from buildledger.config.reading.places import Mark

_TAB = re.compile(r"^[ ]*\t")
_KEY = re.compile(r"^\s*(?:- )?[\w.\"'-]+\s*:(?:\s|$)")
_CLOSING = {"sequence": "]", "mapping": "}"}


class YamlFault(NamedTuple):
    """A fault of the text, with where it is best shown."""

    mark: Mark
    code: str
    message: str
    hint: str = ""


def said(lines: Sequence[str], mark: Mark, problem: str, context: str, begin: Mark | None) -> YamlFault:
    """What is said of a parser's `problem` at `mark`, while it read the `context` that begins at `begin`."""
    line = lines[mark.line - 1] if mark.line <= len(lines) else ""
    if "'\\t'" in problem or _TAB.match(line):
        return YamlFault(mark, "yaml-tab", "a tab can't indent YAML", "use spaces")
    message, hint, mark = _said(lines, line, mark, problem, context, begin or mark)
    return YamlFault(mark, "yaml-syntax", message, hint)


def _said(
    lines: Sequence[str], line: str, mark: Mark, problem: str, context: str, begin: Mark
) -> tuple[str, str, Mark]:
    if start := re.search(r"found character '(.)' that cannot start any token", problem):
        return f"a text that begins with {start[1]} has to be quoted", "write '…' around it", mark
    if "scanning an alias" in context or "scanning an anchor" in context:
        sign = lines[begin.line - 1][begin.column - 1 : begin.column]
        return f"a text that begins with {sign} has to be quoted", "write '…' around it", begin
    if "mapping values are not allowed" in problem:
        return *_second_colon(lines, line, mark), mark
    if escape := re.search(r"found unknown escape character '(.)'", problem):
        return f"\\{escape[1]} means nothing between double quotes", "write the text in single quotes", mark
    if "quoted scalar" in context:
        quote = lines[begin.line - 1][begin.column - 1 : begin.column]
        return f"this text has no end: a {quote} is missing", "", begin
    if flow := re.search(r"flow (sequence|mapping)", context):
        return _unclosed(mark, problem, begin, _CLOSING[flow[1]])
    if "expected <block end>" in problem:
        return *_block(line, mark, problem, begin), mark
    if "could not find expected ':'" in problem:
        return "a key has no ':'", "a space belongs behind the ':'", begin
    if "special characters are not allowed" in problem or "unacceptable character" in problem:
        return "this character can't stand in YAML", "take it out, or write it as \\x… between double quotes", mark
    behind = f" {context}" if context else ""
    return f"this isn't YAML; its parser says: {problem}{behind}", "", mark


def _second_colon(lines: Sequence[str], line: str, mark: Mark) -> tuple[str, str]:
    above = next((each for each in reversed(lines[: mark.line - 1]) if each.strip()), "")
    is_first = ":" not in line[: mark.column - 1]
    if is_first and _indent(line) > _indent(above) and re.search(r":\s+\S", above):
        return "this line is indented more than the one above it, which has a value already", "indent both alike"
    return "a second ':' on this line", "quote a value that holds ': ', and check the indentation"


def _unclosed(mark: Mark, problem: str, begin: Mark, closing: str) -> tuple[str, str, Mark]:
    opening = "[" if closing == "]" else "{"
    if mark.line == begin.line:
        return f"a ',' or a '{closing}' is missing here", f"the '{opening}' stands in column {begin.column}", mark
    return f"this '{opening}' isn't closed: a '{closing}' is missing", "", begin


def _block(line: str, mark: Mark, problem: str, begin: Mark) -> tuple[str, str]:
    """Something at a place where only the end of a mapping or a list fits."""
    if line[: mark.column - 1].strip():
        return "nothing can stand behind this value", "put the whole into quotes, or begin another line"
    if line.lstrip().startswith("- ") or "found '-'" in problem:
        return "this '-' doesn't stand below the others of its list", f"line {begin.line} begins what it stands in"
    if not _KEY.match(line):
        return "this line is neither 'key: value' nor '- value'", "a space belongs behind the ':' and the '-'"
    return "the indentation of this line fits none of the lines above it", f"line {begin.line} is nearest"


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip(" "))
