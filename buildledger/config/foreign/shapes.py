"""What to write where a value has the wrong shape: a list of commands, a mapping of conditions, a number of retries."""

from __future__ import annotations

import re
from typing import Any

from buildledger.config.foreign import writing
from buildledger.config.foreign.word import Snippet

Path = tuple[str | int, ...]


def _environment(value: Any, _: str) -> str | None:
    """`[A=1]`, or `[{name: A, value: x}]`, as a mapping."""
    if not isinstance(value, list):
        return None
    pairs = dict(each.split("=", 1) for each in value if isinstance(each, str) and "=" in each)
    pairs |= {
        each["name"]: each.get("value")
        for each in value
        if isinstance(each, dict) and isinstance(each.get("name"), str)
    }
    return writing.mapping("env", "{NAME: value}")(pairs, "")


def _labels(value: Any, _: str) -> str:
    names = {name: "true" for name in writing.texts(value) if name.isidentifier()}
    return f"labels: {writing.flow(names) if isinstance(value, list) and names else '{os: linux}'}"


def _condition(value: Any, _: str) -> str:
    return writing.branch_condition(value)


def _workers(value: Any, _: str) -> str:
    return writing.by_name(value, "") if isinstance(value, list) else writing.workers(value)


def _retry(value: Any, _: str) -> str:
    return f"retry: {{max: {value if isinstance(value, int) and 0 <= value <= 10 else 2}}}"


def _script(value: Any, _: str) -> str | None:
    return writing.one_script(value) if isinstance(value, list) else None


def _inputs(value: Any, _: str) -> str:
    names = [name for name in writing.texts(value) if name.isidentifier()]
    return f"inputs: {{{', '.join(f'{name}: {{}}' for name in names) or 'version: {}'}}}"


def _step(value: Any, _: str) -> str | None:
    if not isinstance(value, str):
        return "{run: [make, test]}"
    if value == "checkout":
        return "{checkout: SOURCE}"
    return f"{{script: {writing.flow(value) or 'make'}}}"


def _source(value: Any, _: str) -> str:
    return f"{{{writing.text('git', 'https://git.example.org/repo.git', writing.REPOSITORY)(value, '')}}}"


def _named(section: str) -> Snippet:
    """A list of entries that have names, as a mapping."""

    def write(value: Any, _: str) -> str | None:
        names = writing.names_of(value)[:3]
        return f"{section}: {{{', '.join(f'{name}: {{…}}' for name in names) or 'NAME: {…}'}}}"

    return write


_BY_KEY: dict[str, Snippet] = {
    "env": _environment,
    "if": lambda value, _: 'if: build.branch == "main"',
    "inputs": _inputs,
    "labels": _labels,
    "matrix": writing.axes,
    "retry": _retry,
    "script": _script,
    "start": lambda value, _: "start: {driver: local}",
    "submodules": lambda value, _: "submodules: true" if value == "recursive" else None,
    "when": _condition,
    "worker": _workers,
} | {section: _named(section) for section in ("builders", "sources", "workers", "locks", "templates")}
_ENTRIES: dict[str, Snippet] = {
    "sources": _source,
    "workers": lambda value, _: "{labels: {os: linux}}",
    "locks": lambda value, _: (
        f"{{count: {value}}}" if isinstance(value, int) and not isinstance(value, bool) and value > 0 else "{count: 1}"
    ),
    "inputs": lambda value, _: f"{{type: {value if value in ('string', 'integer', 'boolean', 'list') else 'string'}}}",
}
"""By the section that has them by name."""


def instead_of(path: Path, value: Any) -> str:
    """A hint what to write at `path` instead of a value of the wrong shape; empty if there is nothing to say."""
    if isinstance(value, str) and re.match(r"[\w-]+:\S", value) and "://" not in value:
        return "a space belongs behind the ':'"
    snippet: str | None
    match path:
        case (*_, "from", "word"):  # how the models call a text there
            snippet = f"from: {{{writing.text('builder', 'NAME')(value, '')}}}"
        case (*_, "steps", int()):
            snippet = _step(value, "")
        case (*_, str(section), str()) if section in _ENTRIES:
            snippet = _ENTRIES[section](value, "")
        case (*_, "steps") if isinstance(value, dict):
            dashed = next((key for key in value if str(key).startswith("-")), None)
            return f"write '- {dashed[1:]}', with a space" if dashed else "each step begins with '- '"
        case ("triggers",) if isinstance(value, dict):
            return "each trigger begins with '- '; it may have a 'name'"
        case (*_, str(key)) if key in _BY_KEY:
            snippet = _BY_KEY[key](value, "")
        case _:
            return ""
    return f"write '{snippet}'" if snippet else ""
