"""Functions and names that don't exist: what they are called here."""

from __future__ import annotations

import difflib
import re

from buildledger.config.expressions.cel_errors.found import Found, Said, by_word, short

KNOWN = (
    "all",
    "bool",
    "contains",
    "endsWith",
    "exists",
    "exists_one",
    "filter",
    "has",
    "int",
    "map",
    "matches",
    "size",
    "startsWith",
    "string",
)
"""The functions that the manual names."""
_METHODS = frozenset({"contains", "endsWith", "matches", "startsWith"})
_MACROS = frozenset({"all", "exists", "exists_one", "filter", "map"})
_TEXT_WORK = "there is no function that changes text; a script can, and 'set_property' keeps what it prints"
_CASE = "upper and lower case are the same to matches('(?i)…')"
_OTHERS = by_word(
    {
        "every foreach": "all",
        "include includes indexof find": "contains",
        "endswith ends_with hassuffix": "endsWith",
        "any some": "exists",
        "toint number": "int",
        "match regex search test re_match": "matches",
        "len length count": "size",
        "startswith starts_with hasprefix beginswith": "startsWith",
        "str tostring tojson": "string",
    }
)
_NO_FUNCTION = by_word(
    {
        "lower upper lowerascii upperascii tolower toupper tolowercase touppercase": _CASE,
        "replace split trim strip substring join format fromjson": _TEXT_WORK,
        "hashfiles": "build directories stay on their workers: there is nothing to cache",
        "success succeeded": "a step runs unless an earlier one has halted the build; nothing has to be asked",
        "always succeededorfailed cancelled canceled": "write 'always_run: true' instead",
        "failure failed": "write 'always_run: true' and when: build.result == 'failure'",
        "now getdate": "expressions don't know the time; 'on: cron' builds at set times",
    }
)


def called(name: str, found: Found) -> Said:
    """A function that doesn't exist, or isn't called like this. The place is behind its name."""
    before = found.before[: len(found.before) - len(name)]
    is_method = before.endswith(".")
    holder = (re.search(r"([\w.]+(?:\[[^\]]*\])?)\.$", before) or ["", ""])[1]
    arguments = _arguments(found.rest)
    if name in KNOWN:
        return _called_otherwise(name, is_method, holder, arguments)
    lowered = name.lower()
    if lowered in _NO_FUNCTION:
        return Said(f"there is no function '{name}'", _NO_FUNCTION[lowered])
    meant = _OTHERS.get(lowered) or next(iter(difflib.get_close_matches(name, KNOWN, n=1, cutoff=0.6)), "")
    if meant in ("startsWith", "endsWith") and lowered == meant.lower():
        return Said(f"'{name}' is written '{meant}'")
    if meant == "size":
        return Said(f"there is no function '{name}'", f"write size({short(holder or ', '.join(arguments))})")
    if meant:
        return Said(
            f"there is no function '{name}', did you mean '{meant}'?", _usage(meant, holder, arguments, is_method)
        )
    return Said(f"there is no function '{name}'", f"functions: {', '.join(KNOWN)}")


def _called_otherwise(name: str, is_method: bool, holder: str, arguments: list[str]) -> Said:
    if name in _MACROS and not is_method:
        return Said(f"'{name}' is asked of a list", f"write change.files.{name}(f, …)")
    if name in _MACROS:
        return Said(
            f"'{name}' takes a name of your own and a condition",
            f"write {short(holder) or 'change.files'}.{name}(f, …)",
        )
    if name in _METHODS and not is_method and len(arguments) == 2:
        return Said(f"'{name}' is asked of a text", f"write {short(arguments[0])}.{name}({short(arguments[1])})")
    if name in _METHODS:
        return Said(
            f"'{name}' takes one text, not {len(arguments) or 'none'}",
            f"write {short(holder) or 'change.branch'}.{name}('…')",
        )
    return Said(f"'{name}' takes one value, not {len(arguments) or 'none'}")


def _usage(meant: str, holder: str, arguments: list[str], is_method: bool) -> str:
    if meant in _METHODS and not is_method:
        return f"write {short(arguments[0]) if arguments else 'change.branch'}.{meant}('…')"
    if meant in _MACROS:
        return f"write {short(holder) or 'change.files'}.{meant}(f, …)"
    return ""


def _arguments(rest: str) -> list[str]:
    """The arguments of a call that begins here, as they are written."""
    parts, depth, part, quote = [], 0, "", ""
    for sign in rest:
        if quote:
            quote = "" if sign == quote else quote
        elif sign in "'\"":
            quote = sign
        else:
            depth += (sign in "([{") - (sign in ")]}")
            if not depth:
                break
            if sign == "," and depth == 1:
                parts.append(part.strip(" ("))
                part = ""
                continue
        part += sign
    last = part[1:] if not parts else part
    return [each.strip() for each in [*parts, last] if each.strip()]
