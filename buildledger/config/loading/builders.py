"""Builders of the file: checked once, then expanded into one resolved builder a cell of their matrix."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import msgspec

from buildledger.config import inputs, resolved
from buildledger.config.expressions.cel import ValueType
from buildledger.config.inputs import InputSpec
from buildledger.config.loading import matrix
from buildledger.config.loading.inherited import check_expressions, check_project, check_properties
from buildledger.config.loading.parsing import Parsed
from buildledger.config.models import builder_models as models
from buildledger.config.problems.problem import Path, did_you_mean, listed
from buildledger.config.reading.document import Document
from buildledger.config.references.filling import Filling, plain
from buildledger.config.references.scopes import ANYTHING, Place, Scope
from buildledger.config.secrets.provider import SecretProvider
from buildledger.config.steps import expansion
from buildledger.config.steps.checkout import CheckoutStep
from buildledger.config.steps.step import StepModel, check_environment
from buildledger.config.values import Expression, InputRef, Value


class BuilderResolver:
    """Checks and expands one builder. `inputs` has its own and those of its manual triggers."""

    def __init__(
        self,
        document: Document,
        parsed: Parsed,
        secrets: SecretProvider | None,
        name: str,
        inputs: Mapping[str, InputSpec],
    ) -> None:
        self._document = document
        self._parsed = parsed
        self._name = name
        self._model = parsed.builders[name]
        self._path: Path = ("builders", name)
        self._effective = self._model.with_defaults(parsed.defaults.builder)
        self._inputs = inputs
        self._template = parsed.templates.get(self._model.use) if self._model.use else None
        self._template_inputs = template_inputs(document, parsed, self._model.use) if self._model.use else {}
        self._scope = Scope(
            document=document,
            secrets=secrets,
            owner=f"builder '{name}'",
            inputs=inputs,
            matrix=matrix.types(self._model.matrix),
            properties=parsed.names["properties"] | self._model.properties.keys(),
            granted_secrets=parsed.granted_secrets,
        )

    def resolve(self) -> list[resolved.Builder]:
        """Its cells; the document has the problems, and the cells are worth nothing if there are any."""
        before = len(self._document.problems)
        self._check()
        cells = matrix.cells(self._document, (*self._path, "matrix"), self._model.matrix)
        if any(problem.severity == "error" for problem in self._document.problems[before:]):
            return []
        return [built for cell in cells if (built := self._expand(cell)) is not None]

    def _check(self) -> None:
        model, scope, path = self._model, self._scope, self._path
        check_expressions(scope, path, model)
        check_properties(scope, (*path, "properties"), model.properties)
        check_project(self._document, self._parsed, (*path, "project"), model.project)
        check_environment(scope, (*path, "env"), model.env, Place.STEP)
        self._check_locks()
        self._check_steps()

    def _check_locks(self) -> None:
        """Its locks have to be there, and none of them may be one that a step takes as well."""
        path = (*self._path, "locks")
        self._parsed.declared_locks.check(self._document, path, self._model.locks)
        steps = self._template.steps if self._template is not None else self._model.steps or []
        taken = {use.lock for step in steps for use in step.locks}
        for index, use in enumerate(self._effective.locks):
            if use.lock in taken:
                message = f"the build holds '{use.lock}' from its first step to its last, so a step would wait for it"
                hint = "take it either here or in the steps"
                self._document.add("lock-order", (*path, index, "lock"), f"{message} for ever", hint)

    def _check_steps(self) -> None:
        model, path = self._model, self._path
        if (model.steps is None) == (model.use is None):
            what = "has no steps: it needs 'steps' or 'use'" if model.use is None else "has both 'steps' and 'use'"
            hint = "" if model.use is None else "take one of them out"
            self._document.add("steps", path, f"builder '{self._name}' {what}", hint, at_key=True)
        if model.steps is not None:
            check_steps(self._scope, (*path, "steps"), model.steps, self._parsed)
        if model.use is None:
            if model.with_:
                self._document.add("template", (*path, "with"), "'with' means something only with 'use'", at_key=True)
            return
        templates = self._parsed.names["templates"]
        if model.use not in templates:
            hint = f"templates: {listed(templates)}" if templates else "declare it under 'templates'"
            message = f"there is no template '{model.use}'{did_you_mean(model.use, templates)}"
            self._document.add("unknown-template", (*path, "use"), message, hint)
        elif self._template is not None:
            self._check_arguments(model.use)
            check_template(self._scope, model.use, self._template, self._template_inputs, self._parsed)

    def _check_arguments(self, template: str) -> None:
        specs, path = self._template_inputs, (*self._path, "with")
        for name, node in self._model.with_.items():
            if name not in specs:
                message = f"template '{template}' has no input '{name}'{did_you_mean(name, specs)}"
                hint = f"its inputs: {listed(specs)}" if specs else "it has no inputs"
                self._document.add("unknown-input", (*path, name), message, hint, at_key=True)
                continue
            wanted = ANYTHING
            if isinstance(node, InputRef | Expression):
                wanted = frozenset({inputs.type_of(specs[name]), ValueType.ANY})
            self._scope.check((*path, name), node, Place.STEP, wanted)
        for name, spec in specs.items():
            if spec.default is None and name not in self._model.with_:
                message = f"template '{template}' needs the input '{name}'"
                self._document.add("missing-input", (*self._path, "use"), message, f"add 'with: {{{name}: …}}'")

    def _expand(self, cell: matrix.Cell) -> resolved.Builder | None:
        model, defaults = self._effective, self._parsed.defaults.step
        filling, locks = Filling(matrix=cell), self._parsed.declared_locks
        env = filling.environment(model.env)
        properties = self._parsed.properties | model.properties
        if self._template is not None:
            arguments = self._arguments(filling, cell)
            if arguments is None:
                return None
            inner = Filling(matrix=cell, arguments=arguments)
            expanded = expansion.expand(self._template.steps, inner, env, locks, defaults)
        else:
            expanded = expansion.expand(model.steps or [], filling, env, locks, defaults)
        return resolved.Builder(
            name=matrix.cell_name(self._name, cell),
            base=self._name,
            matrix=cell,
            project=model.project,
            protected=model.protected,
            description=model.description,
            tags=tuple(model.tags),
            inputs=self._inputs,
            input_names=tuple(self._inputs),
            properties={name: filling.value(node) for name, node in properties.items()},
            steps=expanded,
            sources=tuple(dict.fromkeys(step.source for step in expanded if isinstance(step, CheckoutStep))),
            worker=None if model.worker is None else Expression(model.worker),
            when=None if model.when is None else Expression(model.when),
            timeout_seconds=model.timeout,
            collapse=model.collapse,
            retry=resolved.Retry(on=tuple(model.retry.on), max=model.retry.max),
            locks=locks.resolve(model.locks),
            priority=model.priority,
            pick=model.pick,
        )

    def _arguments(self, filling: Filling, cell: matrix.Cell) -> dict[str, Value] | None:
        """What the template's inputs stand for in a cell; None if a value doesn't suit its input."""
        result: dict[str, Value] = {}
        for name, spec in self._template_inputs.items():
            if name not in self._model.with_:
                assert spec.default is not None
                result[name] = spec.default
                continue
            value = inputs.taken(spec.type, filling.value(self._model.with_[name]))
            known = plain(value)
            if known is not None and (reason := inputs.fault(spec, known)):
                where = f" in {matrix.cell_name(self._name, cell)}" if cell else ""
                message = f"input '{name}' of template '{self._model.use}'{where}: {reason}"
                self._document.add("input-value", (*self._path, "with", name), message)
                return None
            result[name] = value
        return result


def template_inputs(document: Document, parsed: Parsed, name: str) -> dict[str, InputSpec]:
    """The inputs of a template, checked; empty if there is no sound template of this name."""
    template = parsed.templates.get(name)
    return specs(document, ("templates", name, "inputs"), template.inputs) if template else {}


def check_template(
    scope: Scope, name: str, template: models.Template, declared: Mapping[str, InputSpec], parsed: Parsed
) -> None:
    """Check a template's steps in the scope of a builder that uses it, of which they see the properties only."""
    inner = msgspec.structs.replace(scope, owner=f"template '{name}'", inputs=declared, matrix={}, is_template=True)
    path = ("templates", name, "steps")
    check_steps(inner, path, template.steps, parsed)


def check_steps(scope: Scope, path: Path, steps: Sequence[StepModel], parsed: Parsed) -> None:
    """Check the steps of a builder or of a template."""
    known = parsed.names["builders"]
    expansion.check(scope, path, steps, sources=parsed.systems, builders=known, locks=parsed.declared_locks)


def specs(document: Document, path: Path, declared: Mapping[str, models.InputModel]) -> dict[str, InputSpec]:
    """Declared inputs, with what is wrong in their declarations reported."""
    result = {}
    for name, model in declared.items():
        here = (*path, name)
        element = "string" if model.type == "list" else model.type
        spec = InputSpec(
            type=model.type,
            description=model.description,
            default=inputs.taken(model.type, model.default),
            enum=tuple(inputs.taken(element, value) for value in model.enum or ()),
            pattern=model.pattern,
        )
        result[name] = spec
        if spec.pattern is not None and spec.type not in ("string", "list"):
            document.add("input", (*here, "pattern"), f"a pattern can't be asked of {inputs.type_of(spec).value}")
        elif spec.pattern is not None and (reason := inputs.pattern_fault(spec.pattern)):
            document.add("input", (*here, "pattern"), reason, "patterns are RE2 expressions")
        elif spec.default is not None and (reason := inputs.fault(spec, spec.default)):
            document.add("input-value", (*here, "default"), reason)
        for index, value in enumerate(spec.enum):
            if reason := inputs.fault(InputSpec(type=element), value):
                document.add("input-value", (*here, "enum", index), reason)
    return result
