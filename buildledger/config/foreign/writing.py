"""What to write instead, with the user's own values in it where they are simple enough to be moved."""

from __future__ import annotations

import re
from typing import Any

from buildledger.config.foreign.word import Snippet

URL = r"https?://[\w.:/-]+"
REPOSITORY = r"(?:https|ssh)://[\w./-]+|[\w.-]+@[\w.-]+:[\w./-]+"
_COMPARED = re.compile(r"""(?:ref|branch|BRANCH)['"\])]*\s*(?:==|,)\s*['"](?:refs/heads/)?([\w./-]+)['"]""")
"""A branch in a condition of GitHub, GitLab or Azure."""
_LONGEST = 60
_PLAIN = re.compile(r"[A-Za-z_./][\w./@+=-]*(?: [\w./@+=-]+)*")
_NOT_TEXT = frozenset({"true", "false", "null", "True", "False", "Null", "TRUE", "FALSE", "NULL"})
_SYSTEMS = {
    "ubuntu": "linux",
    "debian": "linux",
    "windows": "windows",
    "macos": "macos",
    "linux": "linux",
    "osx": "macos",
}
_LINUX = 'worker.labels.os == "linux"'
_ANYWHERE = frozenset({"any", "none", "self-hosted", "docker", "machine", "x64"})


def flow(value: Any) -> str | None:
    """A value as it stands in YAML on one line; None for what is long, or not plain."""
    match value:
        case None | bool():
            text = {None: "null", True: "true", False: "false"}[value]
        case int() | float():
            text = getattr(value, "source", None) or str(value)
        case str():
            text = value if _PLAIN.fullmatch(value) and value not in _NOT_TEXT else _quoted(value)
        case list():
            parts = [flow(element) for element in value]
            text = f"[{', '.join(part or '' for part in parts)}]" if all(parts) else ""
        case dict():
            pairs = [(str(key), flow(element)) for key, element in value.items()]
            text = f"{{{', '.join(f'{key}: {part}' for key, part in pairs)}}}" if all(part for _, part in pairs) else ""
        case _:
            text = ""
    return text if text and len(text) <= _LONGEST and text.isprintable() else None


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def texts(value: Any) -> list[str]:
    """The texts of a value that is one, or a list of them; else none."""
    if isinstance(value, str):
        return [value]
    return value if isinstance(value, list) and value and all(isinstance(each, str) for each in value) else []


def text(key: str, otherwise: str, pattern: str = "") -> Snippet:
    """`key: VALUE` with the user's text, or with `otherwise` if it is none, long, or not of the pattern."""

    def write(value: Any, _: str) -> str:
        is_meant = isinstance(value, str) and value and (not pattern or re.fullmatch(pattern, value))
        return f"{key}: {(flow(value) if is_meant else None) or otherwise}"

    return write


def mapping(key: str, otherwise: str) -> Snippet:
    """`key: {…}` with the user's mapping of texts, or with `otherwise`."""

    def write(value: Any, _: str) -> str:
        is_plain = isinstance(value, dict) and value and all(isinstance(each, str) for each in value.values())
        return f"{key}: {(flow(value) if is_plain else None) or otherwise}"

    return write


def listed(key: str, otherwise: str) -> Snippet:
    """`key: [VALUE]` with the user's texts, or with `otherwise`."""
    return lambda value, _: f"{key}: {flow(texts(value)) if texts(value) else otherwise}"


def minutes(value: Any, _: str) -> str:
    """`timeout: 30m` for a number of minutes."""
    return f"timeout: {value}m" if _whole(value) else "timeout: 30m"


def seconds(key: str) -> Snippet:
    """`key: 90s` for a number of seconds."""
    return lambda value, _: f"{key}: {value}s" if _whole(value) else f"{key}: 90s"


def _whole(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value > 0


def follows(value: Any, owner: str) -> str:
    """A trigger that builds the entry after what it needs."""
    needed = texts(value) or ([str(key) for key in value] if isinstance(value, dict) else [])
    if isinstance(value, list) and not needed:
        needed = [str(each.get("job") or each.get("pipeline")) for each in value if isinstance(each, dict)]
    return f"{{on: success, of: {flow(needed) if needed else '[FIRST]'}, build: [{owner or 'NEXT'}]}}"


def workers(value: Any, _: str = "") -> str:
    """A condition for workers, made of the names of runners, images or labels."""
    found = texts(value) or [
        str(name) for name in (value.values() if isinstance(value, dict) else ()) if isinstance(name, str)
    ]
    conditions: list[str] = []
    for name in found:
        system = _SYSTEMS.get(re.split(r"[-_.:0-9]", name.lower())[0])
        if system:
            conditions.append(f'worker.labels.os == "{system}"')
        elif re.fullmatch(r"[A-Za-z_]\w*", name) and name.lower() not in _ANYWHERE:
            conditions.append(f'worker.labels.{name.lower()} == "true"')
    return f"worker: {' && '.join(dict.fromkeys(conditions)) or _LINUX}"


def by_name(value: Any, _: str) -> str:
    """A condition for workers of these names."""
    names = texts(value)
    if len(names) == 1:
        return f'worker: worker.name == "{names[0]}"'
    return f"worker: worker.name in {list(names)}".replace("'", '"') if names else 'worker: worker.name == "NAME"'


def branch_condition(value: Any, _: str = "") -> str:
    """A condition about the branch, of a mapping or a list of names; patterns have to be written by hand."""
    names = [name for name in texts(_branches_in(value)) if re.fullmatch(r"[\w./-]+", name)]
    if isinstance(value, str) and (compared := _COMPARED.search(value)):
        names = [compared[1]]
    if len(names) == 1:
        return f'when: change.branch == "{names[0]}"'
    return f"when: change.branch in {names}".replace("'", '"') if names else 'when: change.branch == "main"'


def _branches_in(value: Any) -> Any:
    if isinstance(value, dict):
        for key in ("branch", "branches", "refs", "only", "include"):
            if key in value:
                return _branches_in(value[key])
    return value


def path_condition(value: Any, _: str = "") -> str:
    """A condition about the files of a change."""
    first = next(iter(texts(value)), "docs/**").partition("*")[0] or "docs/"
    return f'when: change.files.exists(f, f.startsWith("{first}"))'


def no_path_condition(value: Any, _: str = "") -> str:
    """A condition that files of a change don't all lie under a path."""
    first = next(iter(texts(value)), "docs/**").partition("*")[0] or "docs/"
    return f'when: change.files.exists(f, !f.startsWith("{first}"))'


def excluded_branches(value: Any, _: str) -> str:
    """Patterns of branches without some."""
    patterns = flow(["**", *(f"!{name}" for name in texts(value))])
    return f"branches: {patterns}" if texts(value) and patterns else 'branches: ["**", "!NAME"]'


def script_steps(value: Any, _: str = "") -> str:
    """Steps of a list of commands."""
    steps = flow([{"script": command} for command in texts(value)]) if texts(value) else None
    return f"steps: {steps or '[{script: make}, {script: make test}]'}"


def one_script(value: Any, _: str = "") -> str:
    """One script of a command or a list of them."""
    commands = texts(value)
    return f"script: {(flow(' && '.join(commands)) if commands else None) or 'make && make test'}"


def axes(value: Any, _: str = "") -> str:
    """A matrix of the axes in `strategy: {matrix: {…}}`, or in a mapping of lists."""
    if isinstance(value, dict) and isinstance(value.get("matrix"), dict):
        value = value["matrix"]
    found = {key: each for key, each in value.items() if isinstance(each, list)} if isinstance(value, dict) else {}
    lists = {str(key): each for key, each in found.items() if key not in ("include", "exclude")}
    return f"matrix: {{axes: {flow(lists) if lists and flow(lists) else '{os: [linux, windows]}'}}}"


def names_of(value: Any) -> list[str]:
    """The names of a mapping's entries, or of a list of entries with names."""
    if isinstance(value, dict):
        return [str(key) for key in value if not str(key).startswith(".")]
    if isinstance(value, list):
        found = [
            next((each[k] for k in ("name", "job", "stage") if isinstance(each.get(k), str)), None)
            for each in value
            if isinstance(each, dict)
        ]
        return [name for name in found if name]
    return []


def builders(value: Any, _: str = "") -> str:
    """Builders of these names."""
    names = names_of(value)[:3]
    return f"builders: {{{', '.join(f'{name}: {{steps: […]}}' for name in names) or 'NAME: {steps: […]}'}}}"
