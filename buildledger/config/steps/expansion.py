"""The steps of a builder or a template: checked once in the scope they stand in, then expanded for each cell."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

import msgspec

from buildledger.config import limits
from buildledger.config.fields.lock_models import DeclaredLocks
from buildledger.config.fields.strict import Strict
from buildledger.config.problems.problem import Path
from buildledger.config.references.filling import Filling
from buildledger.config.references.scopes import CONDITIONS, Place, Scope
from buildledger.config.steps.kinds import Step
from buildledger.config.steps.step import ProcessModel, StepModel, StepScope, check_environment, names_artifact
from buildledger.config.values import EnvironmentValue


def check(
    scope: Scope,
    path: Path,
    steps: Sequence[StepModel],
    *,
    sources: Mapping[str, str],
    builders: Collection[str],
    locks: DeclaredLocks,
) -> None:
    """Check all that steps refer to; properties are known from the step on that sets them."""
    properties = set(scope.properties)
    names: dict[str, int] = {}
    for index, step in enumerate(steps):
        here = (*path, index)
        inner = msgspec.structs.replace(scope, properties=frozenset(properties))
        if step.when is not None:
            inner.check_expression((*here, "when"), step.when, Place.STEP, CONDITIONS)
        locks.check(scope.document, (*here, "locks"), step.locks)
        step.check(StepScope(scope=inner, path=here, sources=sources, builders=builders, locks=locks))
        if isinstance(step, ProcessModel):
            check_environment(inner, (*here, "env"), step.env, Place.STEP)
        properties |= step.properties_set()
        if step.name is not None and not names_artifact(step.name):
            # The reports of a test_report are kept under its name.
            message = f"a step can't be named {step.name!r}"
            scope.document.add("name", (*here, "name"), message, "people read it on every page")
        if step.name is not None and names.setdefault(step.name, index) != index:
            message = f"there are two steps named '{step.name}'"
            scope.document.add("duplicate-name", (*here, "name"), message, "the name tells them apart on every page")


def expand(
    steps: Sequence[StepModel],
    filling: Filling,
    env: Mapping[str, EnvironmentValue],
    locks: DeclaredLocks,
    defaults: Strict,
) -> tuple[Step, ...]:
    """The steps of one cell; `env` has the builder's variables, `defaults` what steps have that don't say otherwise."""
    result: list[Step] = []
    names = {step.name for step in steps if step.name is not None}
    for given in (each for step in steps for each in (step, *step.followed_by())):
        step = given.with_defaults(defaults)
        resolved = step.resolve(filling, step.common(filling, env) | {"locks": locks.resolve(step.locks)})
        if step.name is None:
            name = _unique(_shortened(step.default_name(filling)), names)
            resolved = msgspec.structs.replace(resolved, name=name)
            names.add(name)
        result.append(resolved)
    return tuple(result)


def _shortened(text: str) -> str:
    return text if len(text) <= limits.STEP_NAME_CHARACTERS else text[: limits.STEP_NAME_CHARACTERS - 1] + "…"


def _unique(name: str, taken: Collection[str]) -> str:
    count = 1
    candidate = name
    while candidate in taken:
        count += 1
        candidate = f"{name} ({count})"
    return candidate
