"""`repo_pipelines` of the central file: what it grants has to be there."""

from __future__ import annotations

import posixpath
from collections.abc import Iterable

from buildledger.config import resolved
from buildledger.config.loading.inherited import check_project
from buildledger.config.loading.parsing import Parsed
from buildledger.config.problems.problem import did_you_mean, listed
from buildledger.config.reading.document import Document
from buildledger.config.references.scopes import CONDITIONS, Place, Scope
from buildledger.config.resolved import Builder
from buildledger.config.secrets.provider import SecretProvider
from buildledger.config.steps.generate import GenerateStep
from buildledger.config.values import Expression, SecretRef


def resolve(document: Document, parsed: Parsed, secrets: SecretProvider | None) -> dict[str, resolved.RepoPipeline]:
    """What each repository may define; the document has the problems."""
    return {source: _resolve(document, parsed, secrets, source) for source in parsed.repo_pipelines}


def check_names(document: Document, parsed: Parsed, builders: Iterable[Builder]) -> None:
    """A builder that generates and a source with a file of its own can't have one name: their builders would, too."""
    for builder in builders:
        if builder.name in parsed.repo_pipelines and any(isinstance(step, GenerateStep) for step in builder.steps):
            message = (
                f"builder '{builder.name}' generates builders, and the file of the source '{builder.name}' defines"
            )
            hint = "call the builder otherwise"
            document.add(
                "name", ("builders", builder.name), f"{message} some: both are '{builder.name}:…'", hint, at_key=True
            )


def _resolve(document: Document, parsed: Parsed, secrets: SecretProvider | None, source: str) -> resolved.RepoPipeline:
    model, path = parsed.repo_pipelines[source], ("repo_pipelines", source)
    scope = Scope(document=document, secrets=secrets, owner="the pipeline")
    sources, locks = parsed.names["sources"], parsed.names["locks"]
    if source not in sources:
        message = f"there is no source '{source}'{did_you_mean(source, sources)}"
        document.add("unknown-source", path, message, _known("sources", sources), at_key=True)
    for key, kind, known in (("sources", "source", sources), ("locks", "lock", locks)):
        for index, name in enumerate(getattr(model, key)):
            if name not in known:
                message = f"there is no {kind} '{name}'{did_you_mean(name, known)}"
                document.add(f"unknown-{kind}", (*path, key, index), message, _known(key, known))
    for index, name in enumerate(model.secrets):
        scope.check((*path, "secrets", index), SecretRef(name), Place.STEP, frozenset())
    if model.worker is not None:
        scope.check_expression((*path, "worker"), model.worker, Place.WORKER, CONDITIONS)
    check_project(document, parsed, (*path, "project"), model.project)
    if "builders" not in model.may_define:
        hint = "add builders"
        document.add("grant", (*path, "may_define"), "without 'builders' the file can define nothing", hint)
    return resolved.RepoPipeline(
        path=posixpath.normpath(model.path),
        branches=tuple(model.branches),
        may_define=tuple(dict.fromkeys(model.may_define)),
        config_from=model.config_from,
        secrets=tuple(dict.fromkeys(model.secrets)),
        locks=tuple(dict.fromkeys(model.locks)),
        sources=tuple(dict.fromkeys(model.sources)),
        worker=None if model.worker is None else Expression(model.worker),
        project=model.project,
        max_builders=model.max_builders,
        max_steps=model.max_steps,
    )


def _known(section: str, names: frozenset[str]) -> str:
    return f"{section}: {listed(names)}" if names else f"declare it under '{section}'"
