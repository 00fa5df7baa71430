"""What is declared and nobody uses: axes, inputs, templates, locks, sources."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from buildledger.config.loading.parsing import Parsed
from buildledger.config.loading.warnings.mentions import mentioned
from buildledger.config.models import file_models
from buildledger.config.problems.problem import Path
from buildledger.config.reading.document import Document
from buildledger.config.steps.checkout import CheckoutModel
from buildledger.config.steps.generate import GenerateModel

CODE = "unused"


def warn_of_unused(document: Document, parsed: Parsed, *, is_whole: bool) -> None:
    """Warn of each at its declaration; `is_whole`: builders, triggers and steps come from nowhere else."""
    _builders(document, parsed)
    _templates(document, parsed)
    if not is_whole or not parsed.builders:
        return
    used = {model.use for model in parsed.builders.values()}
    _add(document, "templates", parsed.templates.keys() - used, "no builder uses the template '{}'")
    steps = [step for builder in parsed.builders.values() for step in builder.steps or ()]
    steps += [step for template in parsed.templates.values() for step in template.steps]
    locks = {use.lock for builder in parsed.builders.values() for use in builder.locks}
    locks |= {use.lock for step in steps for use in step.locks}
    locks |= {name for step in steps if isinstance(step, GenerateModel) for name in step.grants.locks}
    _add(document, "locks", parsed.locks.keys() - locks, "nobody takes the lock '{}'")
    sources = {step.checkout for step in steps if isinstance(step, CheckoutModel)}
    sources |= {
        trigger.source for trigger in parsed.triggers.values() if isinstance(trigger, file_models.ChangeTrigger)
    }
    _add(document, "sources", parsed.sources.keys() - sources, "no builder checks out the source '{}'")


def _add(document: Document, section: str, names: Iterable[str], message: str) -> None:
    for name in sorted(names):
        document.add(CODE, (section, name), message.format(name), "take it out, or use it", at_key=True, warning=True)


def _builders(document: Document, parsed: Parsed) -> None:
    """Axes and inputs that nothing in the builder asks for; inputs of manual triggers count for all they build."""
    asked: dict[str, set[str]] = {}
    for name, model in parsed.builders.items():
        if model.matrix is None and not model.inputs:
            continue
        asked[name] = mentioned(document.data["builders"][name], without=("matrix", "inputs"))
        path: Path = ("builders", name)
        for axis in model.matrix.axes if model.matrix else ():
            if f"matrix.{axis}" not in asked[name]:
                message = f"nothing in '{name}' depends on the axis '{axis}': its cells do the same"
                hint = f"ask for it by {{matrix: {axis}}} or matrix.{axis}"
                document.add(CODE, (*path, "matrix", "axes", axis), message, hint, at_key=True, warning=True)
        _inputs(document, (*path, "inputs"), model.inputs, asked[name], f"'{name}'")
    for index, trigger in parsed.triggers.items():
        if isinstance(trigger, file_models.ManualTrigger) and trigger.inputs:
            names = {name.partition("[")[0] for name in trigger.build} & parsed.builders.keys()
            for name in names - asked.keys():
                asked[name] = mentioned(document.data["builders"][name], without=("matrix", "inputs"))
            used = set().union(*(asked[name] for name in names))
            _inputs(document, ("triggers", index, "inputs"), trigger.inputs, used, "what this trigger builds")


def _templates(document: Document, parsed: Parsed) -> None:
    for name, template in parsed.templates.items():
        if template.inputs:
            used = mentioned(document.data["templates"][name], without=("inputs",))
            _inputs(document, ("templates", name, "inputs"), template.inputs, used, f"template '{name}'")


def _inputs(document: Document, path: Path, declared: Iterable[Any], used: set[str], owner: str) -> None:
    for name in declared:
        if f"inputs.{name}" not in used:
            message = f"nothing in {owner} asks for the input '{name}'"
            hint = f"ask for it by {{input: {name}}} or inputs.{name}"
            document.add(CODE, (*path, name), message, hint, at_key=True, warning=True)
