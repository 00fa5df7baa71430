"""Steps of the file: checked once in the scope they stand in, then expanded for each cell of their builder."""

from __future__ import annotations

import posixpath
from collections.abc import Collection, Mapping, Sequence
from typing import Any, assert_never

import msgspec

from buildledger.config import file_steps, limits, nodes, resolved_steps
from buildledger.config import step_models as models
from buildledger.config.expressions import mentioned
from buildledger.config.problems import Path, did_you_mean, listed
from buildledger.config.scopes import ANYTHING, CONDITIONS, TEXTS, Place, Scope
from buildledger.config.values import Argument, EnvironmentValue, Expression, InputRef, Plain, Spread, Value

StepModel = (
    models.Checkout
    | models.Run
    | models.ScriptStep
    | models.Upload
    | models.Download
    | models.TestReport
    | models.SetProperty
)


class Filling(msgspec.Struct, frozen=True, kw_only=True):
    """What stands for the references of the file in one cell."""

    matrix: Mapping[str, str | int | bool] = msgspec.field(default_factory=dict)
    arguments: Mapping[str, Value] | None = None
    """Inside a template: what its inputs stand for. None: inputs are the builder's, and stay references."""

    def value(self, node: nodes.FileValue) -> Value:
        """A value of the file with everything put in that is known at load."""
        match node:
            case nodes.MatrixRef(name=name):
                return self.matrix[name]
            case InputRef(name=name) if self.arguments is not None:
                return self.arguments[name]
            case Expression(source=source) if self.arguments is not None:
                names = {name for name in self.arguments if f"inputs.{name}" in mentioned(source)}
                return Expression(source, {name: self.arguments[name] for name in sorted(names)})
            case _:
                return node

    def text(self, node: nodes.FileValue) -> Value:
        """The same where one text is wanted: what is known becomes text."""
        return as_text(self.value(node))

    def arguments_of(self, argv: Sequence[nodes.FileArgument]) -> tuple[Argument, ...]:
        """An argv; lists that are known are spread."""
        result: list[Argument] = []
        for argument in argv:
            if not isinstance(argument, Spread):
                result.append(self.text(argument))
                continue
            elements = self.value(argument.value)
            if isinstance(elements, tuple):
                result.extend(elements)
            else:
                result.append(Spread(elements))
        return tuple(result)

    def environment(self, env: Mapping[str, Any]) -> dict[str, EnvironmentValue]:
        """Environment variables."""
        return {name: None if node is None else self.text(node) for name, node in env.items()}


def as_text(value: Value) -> Value:
    """A known value as text, the way `evaluate.text` writes it."""
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value) if isinstance(value, int) else value


def check(
    scope: Scope, path: Path, steps: Sequence[StepModel], sources: Collection[str], builders: Collection[str]
) -> None:
    """Check all that steps refer to; properties are known from the step on that sets them."""
    properties = set(scope.properties)
    names: dict[str, int] = {}
    for index, step in enumerate(steps):
        here = (*path, index)
        inner = msgspec.structs.replace(scope, properties=frozenset(properties))
        _check_step(inner, here, step, sources)
        if isinstance(step, models.Download):
            file_steps.check_download(inner, here, step, builders)
        if isinstance(step, models.SetProperty):
            properties.add(step.set_property)
        if step.name is not None and names.setdefault(step.name, index) != index:
            message = f"there are two steps named '{step.name}'"
            scope.document.add("duplicate-name", (*here, "name"), message, "the name tells them apart on every page")


def _check_step(scope: Scope, path: Path, step: StepModel, sources: Collection[str]) -> None:
    if step.when is not None:
        scope.check_expression((*path, "when"), step.when, Place.STEP, CONDITIONS)
    match step:
        case models.Checkout():
            _check_checkout(scope, path, step, sources)
        case models.Run():
            _check_arguments(scope, (*path, "run"), step.run)
        case models.Upload():
            scope.check((*path, "upload"), step.upload, Place.STEP, TEXTS)
            scope.check((*path, "to"), step.to, Place.STEP, TEXTS)
        case models.ScriptStep() | models.Download() | models.TestReport():
            pass
        case models.SetProperty():
            _check_property(scope, path, step)
        case _:
            assert_never(step)
    if isinstance(step, models.ProcessModel):
        check_environment(scope, (*path, "env"), step.env, Place.STEP)


def _check_checkout(scope: Scope, path: Path, step: models.Checkout, sources: Collection[str]) -> None:
    if step.checkout not in sources:
        message = f"there is no source '{step.checkout}'{did_you_mean(step.checkout, sources)}"
        hint = f"sources: {listed(sources)}" if sources else "declare it under 'sources'"
        scope.document.add("unknown-source", (*path, "checkout"), message, hint)
    if step.method is not None and step.mode == "incremental":
        message = f"method '{step.method}' means something in full mode only"
        scope.document.add("checkout-method", (*path, "method"), message, "add 'mode: full'", at_key=True)


def _check_property(scope: Scope, path: Path, step: models.SetProperty) -> None:
    if (step.value is None) == (step.run is None):
        message = f"the property '{step.set_property}' needs either 'value' or 'run'"
        scope.document.add("set-property", path, message)
    elif step.value is not None:
        scope.check((*path, "value"), step.value, Place.STEP, ANYTHING)
        for key in sorted(step.model_fields_set & {"env", "workdir", "timeout"}):
            message = f"'{key}' means something only with 'run'"
            scope.document.add("set-property", (*path, key), message, "take it out", at_key=True)
    if step.run is not None:
        _check_arguments(scope, (*path, "run"), step.run)


def _check_arguments(scope: Scope, path: Path, argv: Sequence[nodes.FileArgument]) -> None:
    if argv[0] == "":
        scope.document.add("type", (*path, 0), "the program's name is empty")
    for index, argument in enumerate(argv):
        scope.check((*path, index), argument, Place.STEP, TEXTS)


def check_environment(scope: Scope, path: Path, env: Mapping[str, Any], place: Place) -> None:
    """Check the values of environment variables."""
    for name, node in env.items():
        scope.check((*path, name), node, place, TEXTS)


def expand(
    steps: Sequence[StepModel], filling: Filling, env: Mapping[str, EnvironmentValue]
) -> tuple[resolved_steps.Step, ...]:
    """The steps of one cell; `env` has the builder's variables."""
    result: list[resolved_steps.Step] = []
    names = {step.name for step in steps if step.name is not None}
    for step in steps:
        made = _expand_step(step, filling, env)
        if step.name is None:
            made = msgspec.structs.replace(made, name=_unique(made.name, names))
            names.add(made.name)
        result.append(made)
    return tuple(result)


def _expand_step(step: StepModel, filling: Filling, env: Mapping[str, EnvironmentValue]) -> resolved_steps.Step:
    common: dict[str, Any] = {
        "name": step.name or "",
        "on_failure": step.on_failure,
        "always_run": step.always_run,
        "when": None if step.when is None else filling.value(Expression(step.when)),
    }
    if isinstance(step, models.ProcessModel):
        common |= {
            "env": {**env, **filling.environment(step.env)},
            "workdir": step.workdir,
            "timeout": _timeout(step.timeout),
        }
    match step:
        case models.Checkout():
            made: resolved_steps.Step = resolved_steps.CheckoutStep(
                **common,
                source=step.checkout,
                into=step.into,
                mode=step.mode,
                method=step.method or ("fresh" if step.mode == "full" else None),
                filter=step.filter,
                depth=step.depth,
                submodules=step.submodules,
                lfs=step.lfs,
                timeout=_timeout(step.timeout),
            )
        case models.Run():
            made = resolved_steps.RunStep(**common, argv=filling.arguments_of(step.run))
        case models.ScriptStep():
            made = resolved_steps.ScriptStep(**common, script=step.script)
        case models.Upload() | models.Download() | models.TestReport():
            made = file_steps.expand(step, filling, common)
        case models.SetProperty():
            made = resolved_steps.SetPropertyStep(
                **common,
                property=step.set_property,
                value=None if step.value is None else filling.value(step.value),
                argv=None if step.run is None else filling.arguments_of(step.run),
            )
        case _:
            assert_never(step)
    return made if made.name else msgspec.structs.replace(made, name=_name(made))


def _timeout(model: models.Timeout) -> resolved_steps.Timeout:
    return resolved_steps.Timeout(no_output_seconds=model.no_output, total_seconds=model.total)


def _name(step: resolved_steps.Step) -> str:
    """What a step that has no name of its own is called."""
    match step:
        case resolved_steps.CheckoutStep():
            return f"checkout {step.source}"
        case resolved_steps.RunStep():
            return _program(step.argv)
        case resolved_steps.ScriptStep():
            lines = [line.strip() for line in step.script.splitlines()]
            return _shortened(next((line for line in lines if line and not line.startswith("#")), "script"))
        case resolved_steps.UploadStep():
            return _shortened(f"upload {step.path}") if isinstance(step.path, str) else "upload"
        case resolved_steps.DownloadStep():
            return _shortened(f"download {step.artifact}") if isinstance(step.artifact, str) else "download"
        case resolved_steps.TestReportStep():
            return "test report"
        case resolved_steps.SetPropertyStep():
            return f"set {step.property}"
        case _:
            assert_never(step)


def _program(argv: Sequence[Argument]) -> str:
    """`uv run` for `[/usr/bin/uv, run, --python, …]`: the program, and its first word if it is one."""
    first, *rest = argv
    if not isinstance(first, str):
        return "run"
    name = posixpath.basename(first) or first
    if rest and isinstance(rest[0], str) and rest[0].replace("-", "").replace("_", "").isalnum() and rest[0][0] != "-":
        name = f"{name} {rest[0]}"
    return _shortened(name)


def _shortened(text: str) -> str:
    return text if len(text) <= limits.STEP_NAME_CHARACTERS else text[: limits.STEP_NAME_CHARACTERS - 1] + "…"


def _unique(name: str, taken: Collection[str]) -> str:
    count = 1
    candidate = name
    while candidate in taken:
        count += 1
        candidate = f"{name} ({count})"
    return candidate


def plain(value: Value) -> Plain | None:
    """A value that needs nothing else to be known; None for one that does."""
    return value if isinstance(value, str | bool | int | tuple) else None
