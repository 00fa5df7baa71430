"""A document → models, section by section and entry by entry, so that one bad entry hides no other's faults."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cache
from typing import Any, get_args

from pydantic import TypeAdapter, ValidationError
from pydantic_core import PydanticCustomError

from buildledger.config.fields.field_types import read_name
from buildledger.config.fields.lock_models import DeclaredLocks
from buildledger.config.fields.one_or_several import as_list
from buildledger.config.fields.strict import unknown_key
from buildledger.config.foreign.shapes import instead_of
from buildledger.config.loading import messages
from buildledger.config.loading.kept import Kept
from buildledger.config.models import builder_models, file_models
from buildledger.config.models.default_models import Defaults
from buildledger.config.models.machine_models import Worker
from buildledger.config.models.pipeline_models import RepoPipeline
from buildledger.config.models.secret_models import SecretsModel
from buildledger.config.models.source_models import SourceModel
from buildledger.config.problems.problem import Path
from buildledger.config.reading import scalars
from buildledger.config.reading.document import Document
from buildledger.config.references.scopes import GrantedSecrets

_MAPPINGS = ("sources", "workers", "locks", "projects", "templates", "builders", "repo_pipelines")


@dataclass
class Parsed:
    """The models of all entries that are sound in themselves, and the names of all there are."""

    server: file_models.Server = field(default_factory=file_models.Server)
    secrets: SecretsModel | None = None
    sources: dict[str, SourceModel] = field(default_factory=dict)
    workers: dict[str, Worker] = field(default_factory=dict)
    locks: dict[str, file_models.Lock] = field(default_factory=dict)
    projects: dict[str, file_models.Project] = field(default_factory=dict)
    describes_projects: bool = False
    """The file has a section of projects."""
    defaults: Defaults = field(default_factory=Defaults)
    properties: dict[str, Any] = field(default_factory=dict)
    """Of all builders."""
    templates: dict[str, builder_models.Template] = field(default_factory=dict)
    builders: dict[str, builder_models.Builder] = field(default_factory=dict)
    repo_pipelines: dict[str, RepoPipeline] = field(default_factory=dict)
    triggers: dict[int, Any] = field(default_factory=dict)
    """By index in the file."""
    granted_secrets: GrantedSecrets | None = None
    """The only secrets that may be named; None: any."""
    names: dict[str, frozenset[str]] = field(default_factory=dict)
    """By section, those of unsound entries too: a reference to one is no second fault. As `properties` those that every
    builder has."""

    @property
    def systems(self) -> dict[str, str]:
        """Source → the key of its version-control system; empty for a source whose entry is unsound."""
        return {name: self.sources[name].KEY if name in self.sources else "" for name in self.names["sources"]}

    @property
    def declared_locks(self) -> DeclaredLocks:
        """What builders and steps may take."""
        counts = {name: model.count for name, model in self.locks.items()}
        return DeclaredLocks(names=self.names["locks"], counts=counts)


def parse(document: Document, kept: Kept | None = None) -> Parsed:
    """Validate every entry that isn't known; what is wrong is in the document's problems."""
    kept = kept or Kept()
    parsed = Parsed(names=dict.fromkeys((*_MAPPINGS, "properties"), frozenset()))
    data = document.data
    if not isinstance(data, dict):
        found = "it is empty" if data is None else f"found {scalars.describe(data)}"
        document.add("type", (), f"a configuration is a mapping, but {found}", "begin with 'version: 1'")
        return parsed
    for key in data:
        if key not in file_models.SECTIONS:
            error = unknown_key(file_models.File, key, data[key])
            context = error.context or {}
            document.add(error.type, (key,), str(context["message"]), str(context["hint"]), at_key=True)
    check_version(document, data)
    for section in ("server", "secrets", "properties"):
        if section in data and (model := _validate(document, kept, (section,), section, data[section])) is not None:
            setattr(parsed, section, model)
    parsed.defaults = _defaults(document, kept, data.get("defaults", {}))
    parsed.names["properties"] = _names_of(data, "properties") | _names_of(data, "defaults", "builder", "properties")
    parsed.describes_projects = "projects" in data
    parse_sections(document, data, (*_MAPPINGS, "triggers"), parsed, kept)
    return parsed


def parse_sections(
    document: Document, data: dict[str, Any], sections: Iterable[str], parsed: Parsed, kept: Kept | None = None
) -> None:
    """Validate the entries of some sections that aren't known."""
    kept = kept or Kept()
    for section in sections:
        if section == "triggers":
            _triggers(document, kept, data.get(section, []), parsed)
        else:
            _mapping(document, kept, section, data.get(section, {}), parsed)


def _defaults(document: Document, kept: Kept, entries: Any) -> Defaults:
    """The defaults; if something is wrong with them, those with which nothing is."""
    model: Defaults | None = _validate(document, kept, ("defaults",), "defaults", entries)
    if model is not None or not isinstance(entries, dict):
        return model or Defaults()

    def sound(value: dict[str, Any]) -> bool:
        try:
            _adapter("defaults").validate_python(value)
        except ValidationError:
            return False
        return True

    rest = {
        kind: {key: value for key, value in entry.items() if sound({kind: {key: value}})}
        for kind, entry in entries.items()
        if isinstance(entry, dict) and sound({kind: {}})
    }
    remaining: Defaults = _adapter("defaults").validate_python(rest)
    return remaining


def _names_of(data: Any, *way: str) -> frozenset[str]:
    for key in way:
        data = data.get(key) if isinstance(data, dict) else None
    return frozenset(data) if isinstance(data, dict) else frozenset()


def check_version(document: Document, data: dict[str, Any]) -> None:
    """Report a version of the format that is missing or isn't known."""
    if "version" not in data:
        document.add("missing-key", ("version",), "missing key 'version'", "the first line is 'version: 1'")
    elif data["version"] is True or data["version"] != 1 or not isinstance(data["version"], int):
        found = scalars.written(data["version"])
        is_text = isinstance(data["version"], str) and found == "1"
        message = "the version is a number" if is_text else f"version {found} of the format isn't known"
        document.add("version", ("version",), message, "write 'version: 1'" + ", without quotes" * is_text)


def _mapping(document: Document, kept: Kept, section: str, entries: Any, parsed: Parsed) -> None:
    if not isinstance(entries, dict):
        found = "it has no value" if entries is None else f"found {scalars.describe(entries)}"
        hint = instead_of((section,), entries) if entries else "leave it out, or indent what belongs to it"
        document.add(
            "type", (section,), f"'{section}' is a mapping of names, but {found}", hint, at_key=entries is None
        )
        return
    parsed.names[section] = frozenset(entries)
    for name, entry in entries.items():
        try:
            read_name(name)
        except PydanticCustomError as error:
            context = error.context or {}
            document.add(error.type, (section, name), str(context["message"]), str(context["hint"]), at_key=True)
        if (model := _validate(document, kept, (section, name), section, entry)) is not None:
            getattr(parsed, section)[name] = model


def _triggers(document: Document, kept: Kept, entries: Any, parsed: Parsed) -> None:
    single = isinstance(entries, dict) and "on" in entries
    if not isinstance(entries, list) and not single:
        found = "it has no value" if entries is None else f"found {scalars.describe(entries)}"
        hint = instead_of(("triggers",), entries)
        document.add("type", ("triggers",), f"'triggers' is a list, but {found}", hint, at_key=entries is None)
        return
    for index, entry in enumerate(as_list(entries)):
        if (model := _validate(document, kept, ("triggers", index), "triggers", entry)) is not None:
            parsed.triggers[index] = model


def _validate(document: Document, kept: Kept, path: Path, section: str, entry: Any) -> Any:
    """The model of an entry; None if it is unsound beyond rescue. Its faults are in the document."""
    if (model := kept.model(path, entry)) is not None:
        return model
    context = {"owner": str(path[1])} if section in _MAPPINGS else None
    try:
        model = _adapter(section).validate_python(entry, context=context)
        kept.keep_model(path, entry, model)
        return model
    except ValidationError as error:
        messages.report(document, path, error)
        rest = _without_faults(entry, error)
    if rest is None:
        return None
    try:
        return _adapter(section).validate_python(rest)
    except ValidationError:
        return None


def _without_faults(entry: Any, error: ValidationError) -> Any:
    """An entry whose sound part can still be checked for what it refers to; None if that would mislead.

    Only what nothing else depends on is taken away: keys that aren't built, and single steps. The document has failed
    already, so what comes out of the rest is never used for more than to find problems.
    """
    if not isinstance(entry, dict):
        return None
    rest = dict(entry)
    if entry.get("steps") is not None:
        rest["steps"] = list(as_list(entry["steps"]))
    for details in error.errors(include_url=False):
        match details["loc"]:
            case ("steps", int(index), *_):
                rest["steps"][index] = _stand_in(rest["steps"][index])
            case (str(key),) if details["type"] == "not-built":
                rest.pop(key, None)
            case _:
                return None
    return rest


def _stand_in(step: Any) -> dict[str, Any]:
    """A sound step in the place of an unsound one; later steps go on knowing the property that it sets."""
    name = step.get("set_property") if isinstance(step, dict) else None
    return {"set_property": name, "value": ""} if isinstance(name, str) else {"run": ["true"]}


@cache
def _adapter(section: str) -> TypeAdapter[Any]:
    if section == "properties":
        return TypeAdapter(builder_models.Properties)
    annotation = file_models.SECTIONS[section]
    if section in _MAPPINGS or section == "triggers":
        annotation = get_args(annotation)[-1]
    return TypeAdapter(annotation)
