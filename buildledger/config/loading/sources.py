"""Sources: their addresses checked by their system, and what a relative path means."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path as FilePath

from buildledger.config import resolved
from buildledger.config.models.source_models import SourceDefaults, SourceModel
from buildledger.config.problems.problem import Path
from buildledger.config.reading.document import Document
from buildledger.sources.systems import SYSTEMS


def resolve_all(
    document: Document, models: Mapping[str, SourceModel], defaults: SourceDefaults, directory: FilePath
) -> dict[str, resolved.Source]:
    """All sources by name; the document has the problems."""
    return {name: resolve(document, name, model.with_defaults(defaults), directory) for name, model in models.items()}


def resolve(document: Document, name: str, model: SourceModel, directory: FilePath) -> resolved.Source:
    """A source with an absolute address; the document has the problems."""
    path: Path = ("sources", name, model.KEY)
    url = model.address.rstrip("/") or model.address
    if url.startswith(("/", "./", "../")) or url in (".", ".."):
        repository = (directory / url).resolve()
        if not repository.is_dir():
            message = f"there is no repository at {repository}"
            document.add("repository", path, message, f"paths are relative to {directory}", warning=True)
        url = repository.as_uri()
    elif problem := SYSTEMS[model.KEY].address_problem(url):
        document.add("repository", path, problem.message, problem.hint)
    return resolved.Source(
        name=name,
        kind=model.KEY,
        url=url,
        poll_seconds=model.poll,
        branches=tuple(model.branches),
        default_branch=model.default_branch,
    )
