"""What all builders have of the file: top-level `properties` and `defaults`, checked once, at their own place."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from buildledger.config.loading.parsing import Parsed
from buildledger.config.models.builder_models import BuilderDefaults
from buildledger.config.problems.problem import Path, did_you_mean, listed
from buildledger.config.reading.document import Document
from buildledger.config.references.scopes import ANYTHING, CONDITIONS, NUMBERS, Place, Scope
from buildledger.config.secrets.provider import SecretProvider
from buildledger.config.steps.step import check_environment
from buildledger.config.values import Expression


def check_inherited(document: Document, parsed: Parsed, secrets: SecretProvider | None) -> None:
    """Report what is wrong with what all builders have, even if there is no builder.

    It can't depend on one builder: it knows no inputs and no matrix, so nothing is left to be checked in each of them.
    What can't be used is taken out of `parsed`: builders are checked without it, and the document has failed.
    """
    before = document.reports
    scope = Scope(
        document=document,
        secrets=secrets,
        owner="what is for all builders",
        properties=parsed.names["properties"],
        is_for_all=True,
    )
    check_properties(scope, ("properties",), parsed.properties)
    model, path = parsed.defaults.builder, ("defaults", "builder")
    check_properties(scope, (*path, "properties"), model.properties)
    check_environment(scope, (*path, "env"), model.env, Place.STEP)
    check_expressions(scope, path, model)
    parsed.declared_locks.check(document, (*path, "locks"), model.locks)
    check_project(document, parsed, (*path, "project"), model.project)
    if document.reports != before and document.failed:
        parsed.properties = {}
        parsed.defaults = parsed.defaults.model_copy(update={"builder": BuilderDefaults()})


def check_expressions(scope: Scope, path: Path, model: BuilderDefaults) -> None:
    """Check the conditions of a builder, and what chooses between its requests and its workers."""
    for key, place in (("when", Place.REQUEST), ("worker", Place.WORKER)):
        if (source := getattr(model, key)) is not None:
            scope.check_expression((*path, key), source, place, CONDITIONS)
    if isinstance(model.priority, Expression):
        scope.check_expression((*path, "priority", "expr"), model.priority.source, Place.REQUEST, NUMBERS)
    if isinstance(model.pick, Expression):
        scope.check_expression((*path, "pick", "expr"), model.pick.source, Place.PICK, NUMBERS)


def check_properties(scope: Scope, path: Path, properties: Mapping[str, Any]) -> None:
    """Check values of properties, which can't refer to each other."""
    without = msgspec.structs.replace(scope, properties=())
    for name, node in properties.items():
        without.check((*path, name), node, Place.STEP, ANYTHING)


def check_project(document: Document, parsed: Parsed, path: Path, project: str | None) -> None:
    """A project has to be one of those that the file describes, if it describes any."""
    projects = parsed.names["projects"]
    if project is not None and parsed.describes_projects and project not in projects:
        hint = f"projects: {listed(projects)}" if projects else "describe it under 'projects'"
        message = f"there is no project '{project}'{did_you_mean(project, projects)}"
        document.add("unknown-project", path, message, hint)
