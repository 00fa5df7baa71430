"""A loaded Buildbot configuration → a configuration file, a page of what wasn't converted, and the account."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from buildledger.config.convert.buildbot import change_sources, secrets, services, settings, unconverted
from buildledger.config.convert.buildbot.account import Account
from buildledger.config.convert.buildbot.builders import Builders
from buildledger.config.convert.buildbot.described import Extracted, Thing
from buildledger.config.convert.buildbot.document import Document
from buildledger.config.convert.buildbot.locks import Locks
from buildledger.config.convert.buildbot.names import name as name_of
from buildledger.config.convert.buildbot.site import Site, items
from buildledger.config.convert.buildbot.templates import Templates
from buildledger.config.convert.buildbot.triggers import kinds as triggers
from buildledger.config.convert.buildbot.workers import Workers


@dataclass(frozen=True)
class Conversion:
    """What came out."""

    yaml: str
    unconverted: str
    account: Account
    secrets: tuple[str, ...]
    """Names of the secrets that the result needs."""


def convert(extracted: Extracted, *, file: str, directory: str) -> Conversion:
    """Convert a configuration that was loaded from `file` in `directory`."""
    site = Site(extracted)
    workers = Workers(site)
    workers.convert()
    locks = Locks(site)
    builders = Builders(site, workers, locks)
    builders.convert()
    change_sources.convert(site)
    services.convert(site)
    made = triggers.convert(site, builders.declared)
    templates = Templates(builders.declared)

    document = Document(
        [f"Converted from {file} (Buildbot {extracted.buildbot}). What isn't in here is in unconverted.md."]
    )
    document.key("server", settings.convert(site))
    document.key("secrets", secrets.convert(site))
    document.section("sources", site.sources.declared, {})
    document.section("workers", workers.declared, workers.comments)
    document.section("locks", locks.declared, {})
    document.section("projects", _projects(site), {})
    document.key("properties", builders.properties)
    document.templates(templates.declared)
    document.builders(builders.declared, templates)
    document.triggers(made)
    return Conversion(
        yaml=document.text(),
        unconverted=unconverted.markdown(site.account, directory),
        account=site.account,
        secrets=tuple(site.secrets),
    )


def _projects(site: Site) -> dict[str, Any]:
    """Projects that are described."""
    declared: dict[str, Any] = {}
    for project in items(site.extracted.settings.get("projects")):
        if isinstance(project, Thing) and isinstance(old := project.attributes.get("name"), str):
            description = project.attributes.get("description")
            said = {"description": description} if isinstance(description, str) and description else {}
            declared[name_of(old)] = ({} if name_of(old) == old else {"title": old}) | said
    return declared
