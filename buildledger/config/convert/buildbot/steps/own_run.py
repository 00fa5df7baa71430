"""Classes of the user's with a `run` of their own: what of it is the base's work, and what is theirs."""

from __future__ import annotations

import ast
import textwrap
from collections.abc import Sequence
from dataclasses import dataclass, field

from buildledger.config.convert.buildbot import values
from buildledger.config.convert.buildbot.account import UnsayableError
from buildledger.config.convert.buildbot.described import DictOf, ListOf, Value
from buildledger.config.convert.buildbot.steps.step import OldStep

RUNS = frozenset({"run", "start", "startVC", "makeRemoteShellCommand"})
"""A class that has one of these of its own does something else than its base."""
_QUIET = frozenset({"log", "msg", "debug", "info", "warning", "print", "super", "run", "start", "results", "didFail"})
"""Calls that do nothing to the build."""
_OF_COMMANDS = frozenset({"makeRemoteShellCommand", "runCommand"})
_SHOWN = frozenset({"description", "descriptionDone", "descriptionSuffix", "name", "summary"})
"""Attributes that only say what people see."""


def read(old: OldStep) -> None:
    """Take what a class's own `run` sets before its base does the work; note what else it does.

    Raises:
        UnsayableError: It does something else than its base, or that is hidden in its code.
    """
    own = sorted(RUNS.intersection(old.cls.methods))
    if not own:
        return
    said = f"the class {old.cls.name}{values.where(old.cls.place)} has its own {', '.join(own)}()"
    refused = UnsayableError(said, "write what it does as `run` or `script`")
    if len(own) > 1 or own[0] not in old.cls.runs:
        raise refused
    found = _found(old.cls.runs[own[0]].source, own[0])
    if found is None:
        raise refused
    for name, value in found.sets.items():
        if name not in _SHOWN:
            old.step.attributes[name] = value
    others = ", ".join(sorted(found.calls))
    if found.calls:
        what = "its command is run" if found.runs_command else "what its base does is done"
        old.entry.miss(f"class {old.cls.name}", f"{said}: {what}, once, but not what else that does ({others})")
    else:
        old.entry.note(f"class {old.cls.name}", f"{said}, which only has its base do the work: its values were taken")


@dataclass
class _Found:
    """What a `run` was found to do."""

    runs_command: bool
    sets: dict[str, Value] = field(default_factory=dict)
    calls: set[str] = field(default_factory=set)


def _found(source: str, method: str) -> _Found | None:
    """None if it isn't certain that the base's work, or the step's command, is done."""
    try:
        tree = ast.parse(textwrap.dedent(source))
    except (SyntaxError, ValueError):
        return None
    match tree:
        case ast.Module(body=[ast.FunctionDef() | ast.AsyncFunctionDef() as function]):
            return _read(function.body, method)
    return None


def _read(body: Sequence[ast.stmt], method: str) -> _Found | None:
    """Statements before the work may set attributes, and nothing else that changes it."""
    before, work, after = _split(body, method)
    if work is None:
        return None
    found = _Found(_calls_command(work))
    found.calls = _called([*before, work, *after], method)
    certain = [_take(statement, found) and not _leaves(statement) for statement in before]
    if not all(certain):
        # A command of the step's own is there whatever was done before it; a base's work may be left out.
        if not found.runs_command:
            return None
        found.calls.add("what it does before")
    if any(_decides(statement) for statement in after):
        found.calls.add("a result of its own")
    if found.runs_command:
        found.calls -= _OF_COMMANDS
        found.calls |= {"its repetition"} if _repeats(body) else set()
    return found


def _split(body: Sequence[ast.stmt], method: str) -> tuple[list[ast.stmt], ast.stmt | None, list[ast.stmt]]:
    """What stands before, and after, the statement that has the base work or makes the step's command."""
    aliases = {"self.command"}
    for index, statement in enumerate(body):
        if isinstance(statement, ast.Assign) and ast.unparse(statement.value) == "self.command":
            aliases |= {ast.unparse(target) for target in statement.targets}
        if isinstance(statement, ast.Expr | ast.Assign | ast.Return) and any(
            _is_work(node, method, aliases) for node in ast.walk(statement)
        ):
            return list(body[:index]), statement, list(body[index + 1 :])
    return list(body), None, []


def _is_work(node: ast.AST, method: str, aliases: set[str]) -> bool:
    match node:
        case ast.Call(func=ast.Attribute(value=ast.Call(func=ast.Name(id="super")), attr=name)) if name == method:
            return True
        case ast.Call(func=ast.Attribute(value=ast.Name(), attr=name), args=[ast.Name(id="self"), *_]):
            return name == method
        case ast.Call(func=ast.Attribute(value=ast.Name(id="self"), attr="makeRemoteShellCommand"), args=[]):
            return all(
                each.arg in (None, "command") and (each.arg is None or ast.unparse(each.value) in aliases)
                for each in node.keywords
            )
    return False


def _calls_command(work: ast.stmt) -> bool:
    return any(isinstance(node, ast.Attribute) and node.attr == "makeRemoteShellCommand" for node in ast.walk(work))


def _take(statement: ast.stmt, found: _Found) -> bool:
    """Whether a statement only sets an attribute to a plain value, or a variable, or says something."""
    match statement:
        case ast.Assign(targets=[ast.Attribute(value=ast.Name(id="self"), attr=name)], value=value):
            if name in _SHOWN:
                return True
            try:
                found.sets[name] = _plain(ast.literal_eval(value))
            except (ValueError, TypeError, SyntaxError):
                return False
            return True
        case ast.Assign(targets=[ast.Name()]) | ast.Pass() | ast.Import() | ast.ImportFrom():
            return True
        case ast.Expr(value=value):
            return isinstance(value, ast.Constant) or _called([statement], "") <= _QUIET
    return False


def _plain(value: object) -> Value:
    if isinstance(value, list | tuple):
        return ListOf([_plain(each) for each in value])
    if isinstance(value, dict):
        return DictOf([(_plain(key), _plain(each)) for key, each in value.items()])
    if value is None or isinstance(value, bool | int | float | str):
        return value
    raise ValueError


def _leaves(statement: ast.stmt) -> bool:
    return any(isinstance(node, ast.Return | ast.Raise) for node in ast.walk(statement))


def _decides(statement: ast.stmt) -> bool:
    """Whether something else may be given back than what the work has come to."""
    for node in ast.walk(statement):
        if isinstance(node, ast.If | ast.Try):
            return True
        if isinstance(node, ast.Return) and not isinstance(node.value, ast.Name | ast.Call | None):
            return True
    return False


def _repeats(body: Sequence[ast.stmt]) -> bool:
    loops = [node for statement in body for node in ast.walk(statement) if isinstance(node, ast.For | ast.While)]
    return any(
        isinstance(node, ast.Attribute) and node.attr == "runCommand" for loop in loops for node in ast.walk(loop)
    )


def _called(statements: Sequence[ast.stmt], method: str) -> set[str]:
    names = set()
    for node in (node for statement in statements for node in ast.walk(statement)):
        match node:
            case ast.Call(func=ast.Attribute(attr=name)) | ast.Call(func=ast.Name(id=name)):
                names.add(name)
    return names - _QUIET - {method}
