"""Projects of the file."""

from __future__ import annotations

from buildledger.config import resolved
from buildledger.config.models import file_models
from buildledger.config.reading.document import Document


def resolve(document: Document, name: str, model: file_models.Project) -> resolved.Project:
    """A project with its title; the document has the problems."""
    if model.url is not None and not model.url.startswith(("http://", "https://")):
        message = f"'{model.url}' is no address"
        document.add("address", ("projects", name, "url"), message, "https://example.org/widget")
    return resolved.Project(name=name, title=model.title or name, description=model.description, url=model.url)
