"""A repository's file, or what a step generates → the builders that it defines, or all that is wrong with it.

The text isn't trusted. It is checked as a part of the central configuration would be, and besides that nothing may
stand in it that isn't granted.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from buildledger.config import limits, resolved
from buildledger.config.foreign.recognition import recognise
from buildledger.config.load import cells, foreign_file, ordered
from buildledger.config.loading import builders, parsing, triggers
from buildledger.config.loading.kept import Kept
from buildledger.config.loading.warnings.artifacts import warn_of_downloads
from buildledger.config.loading.warnings.conditions import warn_of_conditions
from buildledger.config.loading.warnings.texts import warn_of_texts
from buildledger.config.loading.warnings.unused import warn_of_unused
from buildledger.config.models import file_models
from buildledger.config.models.source_models import MODELS
from buildledger.config.pipelines import repo_grants
from buildledger.config.pipelines.definition import Definition, GeneratedText, RepoFile
from buildledger.config.pipelines.namespace import held_to, qualified, qualified_name
from buildledger.config.problems.problem import Path, Problem
from buildledger.config.reading.document import Document
from buildledger.config.reading.files import not_utf8
from buildledger.config.reading.yaml_reader import read
from buildledger.config.references.scopes import Scope
from buildledger.config.resolved import Configuration


class Checked(msgspec.Struct, frozen=True, kw_only=True):
    """What a file defines, and its problems."""

    pipeline: Configuration | None
    """Only builders and triggers, under the names that they have everywhere; None: the file has errors."""
    problems: tuple[Problem, ...]


def check(file: Definition) -> Checked:
    """Check the file of a repository for which the central configuration has an entry, or what a step has generated."""
    if len(file.content) > limits.PIPELINE_BYTES:
        what = "the file" if isinstance(file, RepoFile) else "it"
        message = f"{what} is larger than {limits.PIPELINE_BYTES} bytes"
        large = Problem(file=file.name, line=0, column=0, code="limit-file", message=message)
        return Checked(pipeline=None, problems=(large,))
    try:
        text = file.content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        return Checked(pipeline=None, problems=(not_utf8(file.name, file.content, error),))
    document = read(text, file.name)
    if foreign := recognise(text, document.data):
        return Checked(pipeline=None, problems=(foreign_file(file.name, foreign),))
    pipeline = None if document.data is None and document.failed else _resolve(document, file)
    return Checked(pipeline=None if document.failed else pipeline, problems=tuple(ordered(document)))


def _resolve(document: Document, file: Definition) -> Configuration | None:
    """What the file defines; the document has the problems."""
    data = document.data
    if not isinstance(data, dict):
        message = f"{file.EMPTY} is empty" if data is None else f"{file.CALLED} is a mapping"
        document.add("type", (), message, "begin with 'version: 1'")
        return None
    if _too_many(document, file, len(repo_grants.entries(data, "builders")), ("builders",)):
        return None
    parsing.check_version(document, data)
    parsed = _parse(document, file, data)
    repo_grants.refuse_ungranted(document, file, data)
    inputs = triggers.manual_inputs(document, parsed)
    found: dict[str, resolved.Builder] = {}
    for name in parsed.builders:
        for cell in builders.BuilderResolver(document, parsed, None, name, inputs[name]).resolve():
            found[cell.name] = cell
        if _too_many(document, file, len(found), ("builders", name)):
            return None
    _check_unused_templates(document, parsed)
    checked_out = {name: builder.sources for name, builder in found.items()}
    made = triggers.TriggerResolver(document, parsed, cells(found), inputs, checked_out).resolve()
    if document.failed:
        return None
    _warn(document, file, parsed)
    if "triggers" not in data and isinstance(file, RepoFile):
        made = {"change": resolved.ChangeTrigger(name="change", build=tuple(found), source=file.source)}
    return _bounded(document, file, found, made)


def _parse(document: Document, file: Definition, data: dict[str, Any]) -> parsing.Parsed:
    """The models of the entries. What they refer to elsewhere counts as known: whether it is granted is said once."""
    central = file.central
    mentioned = {name for _, name in repo_grants.checkouts(data)}
    taken = {name for _, name in repo_grants.locks(data)}
    parsed = parsing.Parsed(
        sources={} if central is None else {name: _model(central.sources[name]) for name in file.sources},
        locks={}
        if central is None
        else {name: file_models.Lock(count=central.locks[name].count) for name in file.locks},
        granted_secrets=file.granted_secrets,
        names={
            "properties": frozenset(),
            "projects": frozenset(),
            "templates": frozenset(),
            "builders": frozenset(),
            "sources": file.sources | mentioned,
            "locks": file.locks | taken,
        },
    )
    parsing.parse_sections(document, data, file.SECTIONS, parsed)
    return parsed


def _model(source: resolved.Source) -> Any:
    """A source as the file would have it: only its system counts here."""
    values: dict[str, Any] = {source.kind: source.url}
    return MODELS[source.kind].model_construct(None, **values)


def _too_many(document: Document, file: Definition, count: int, path: Path) -> bool:
    most = limits.PIPELINE_BUILDERS if file.grant is None else file.grant.max_builders
    if count > most:
        message = f"there are more than {most} builders, matrices expanded"
        document.add("limit-builders", path, message, file.who_grants("max_builders"), at_key=True)
    return count > most


def _warn(document: Document, file: Definition, parsed: parsing.Parsed) -> None:
    """Warn of what loads but can't be meant, as far as it depends on this file alone."""
    # a build knows its builder under the name that it has everywhere
    parsed.names["builders"] = frozenset(qualified_name(file.owner, name) for name in parsed.builders)
    warn_of_texts(document, Kept())
    warn_of_conditions(document, parsed)
    warn_of_unused(document, parsed, is_whole=False)
    warn_of_downloads(document, parsed)


def _check_unused_templates(document: Document, parsed: parsing.Parsed) -> None:
    used = {model.use for model in parsed.builders.values()}
    for name, template in parsed.templates.items():
        if name not in used:
            declared = builders.template_inputs(document, parsed, name)
            scope = Scope(document=document, secrets=None, owner="", granted_secrets=parsed.granted_secrets)
            builders.check_template(scope, name, template, declared, parsed)


def _bounded(
    document: Document, file: Definition, found: Mapping[str, resolved.Builder], made: Mapping[str, resolved.Trigger]
) -> Configuration | None:
    builders, generation = [*found.values()], None
    if isinstance(file, GeneratedText):
        generation = file.generation
        if file.central.pipeline_digest is not None:
            # nobody asks this step again what it has granted, only the first one
            builders = [held_to(builder, file.step.grant.worker) for builder in builders]
    pipeline = qualified(file.owner, builders, made.values(), file.project, generation)
    if (size := len(pipeline.to_json().encode())) > limits.PIPELINE_CANONICAL_BYTES:
        message = f"everything expanded it has {size} bytes, at most {limits.PIPELINE_CANONICAL_BYTES} are allowed"
        document.add("limit-expanded", (), message, "smaller matrices")
        return None
    return pipeline
