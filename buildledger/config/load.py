"""The way in: a configuration file → `Configuration`, or everything that is wrong with it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from buildledger.config import limits, resolved
from buildledger.config.foreign.recognition import Foreign, recognise
from buildledger.config.inputs import InputSpec
from buildledger.config.loading import builders, grants, parsing, projects, secret_settings, sources, triggers, workers
from buildledger.config.loading.inherited import check_inherited
from buildledger.config.loading.kept import AskedSecrets, Kept
from buildledger.config.loading.lock_checks import check_lock_order
from buildledger.config.loading.merge import merge
from buildledger.config.loading.warnings.report import warn
from buildledger.config.loading.warnings.texts import warn_of_texts
from buildledger.config.loading.warnings.workers import IdleWarning
from buildledger.config.problems.problem import ConfigErrors, Problem
from buildledger.config.reading.document import Document
from buildledger.config.reading.files import Given, read_files
from buildledger.config.reading.yaml_reader import Reader
from buildledger.config.references.scopes import Scope
from buildledger.config.resolved import Configuration
from buildledger.config.secrets.providers import provider
from buildledger.wording import plural


def load(path: Path, *, secrets_required: bool = True) -> Configuration:
    """Read, check and resolve a file, or a directory of files. Relative paths in it are relative to its directory.

    `secrets_required=False` doesn't look for the secrets that it names, for a machine that isn't the server.

    Raises:
        ConfigErrors: With all problems, warnings too, in the order of the file.
    """
    return Loader(secrets_required=secrets_required).load(path)


def check(path: Path, *, secrets_required: bool = True) -> list[Problem]:
    """All problems of a file, in its order; if only warnings are among them, or nothing, it can be loaded."""
    return Loader(secrets_required=secrets_required).read(path).problems


def resolve_text(
    text: str, *, file: str, directory: Path, secrets_required: bool = True
) -> tuple[Configuration | None, list[Problem]]:
    """A text as a configuration, None if it has errors, and all its problems in their order.

    `file` is what the problems name; relative paths in the text are relative to `directory`.
    """
    loaded = Loader(secrets_required=secrets_required).resolve(Given(directory=directory, texts={file: text}))
    return loaded.configuration, loaded.problems


@dataclass(frozen=True, kw_only=True)
class Loaded:
    """What a load came to."""

    configuration: Configuration | None
    """None: it has errors."""
    problems: list[Problem]
    """In the order of the files."""
    given: Given
    """The files it was read from."""

    @property
    def sound(self) -> Configuration:
        """The configuration.

        Raises:
            ConfigErrors: It has errors.
        """
        if self.configuration is None:
            raise ConfigErrors(self.problems, self.given.texts)
        return self.configuration


class Loader:
    """Loads the same files again and again; what hasn't changed in them isn't read, checked and resolved again."""

    def __init__(self, *, secrets_required: bool = True) -> None:
        self._secrets_required = secrets_required
        self._reader = Reader()
        self._kept = Kept()

    def load(self, path: Path) -> Configuration:
        """See `load`.

        Raises:
            ConfigErrors: With all problems, warnings too, in the order of the files.
        """
        return self.read(path).sound

    def read(self, path: Path) -> Loaded:
        """What a file, or a directory of files, says."""
        return self.resolve(read_files(path))

    def resolve(self, given: Given) -> Loaded:
        """What texts say; their directory is the same each time."""
        if given.problems:
            return Loaded(configuration=None, problems=given.problems, given=given)
        documents = self._reader.read(given.texts)
        problems = [
            foreign_file(document.file, foreign)
            for document in documents
            if (foreign := recognise(given.texts[document.file], document.data))
        ]
        if problems:
            return Loaded(configuration=None, problems=problems, given=given)
        document = documents[0] if len(documents) == 1 else merge(documents)
        kept = Kept(self._kept)
        configuration = None
        if not any(each.data is None and each.failed for each in documents):
            directory = given.directory.resolve()
            configuration = _resolve(document, directory, kept, secrets_required=self._secrets_required)
        if configuration is not None:
            self._kept = kept.settle()
        return Loaded(configuration=configuration, problems=ordered(document), given=given)


def _resolve(document: Document, directory: Path, kept: Kept, *, secrets_required: bool) -> Configuration | None:
    """The configuration, or None if the document has errors."""
    parsed = parsing.parse(document, kept)
    secrets = secret_settings.resolve(document, parsed.secrets, directory)
    source = AskedSecrets(provider(secrets)) if secrets_required else None
    if parsed.secrets is None and isinstance(document.data, dict) and document.data.get("secrets") is not None:
        source = None
    inputs = triggers.manual_inputs(document, parsed)
    check_inherited(document, parsed, source)
    resolved_builders = _builders(document, parsed, source, inputs, kept)
    configuration = Configuration(
        server=resolved.Server(title=parsed.server.title, url=_address(document, parsed)),
        secrets=secrets,
        sources=sources.resolve_all(document, parsed.sources, parsed.defaults.source, directory),
        workers=workers.resolve(document, parsed.workers, parsed.defaults.worker, directory),
        projects={name: projects.resolve(document, name, model) for name, model in parsed.projects.items()},
        locks={name: resolved.Lock(name=name, count=model.count) for name, model in parsed.locks.items()},
        builders=resolved_builders,
        triggers=triggers.TriggerResolver(
            document,
            parsed,
            cells(resolved_builders),
            inputs,
            {name: builder.sources for name, builder in resolved_builders.items()},
        ).resolve(),
        repo_pipelines=grants.resolve(document, parsed, source),
    )
    grants.check_names(document, parsed, resolved_builders.values())
    check_lock_order(document, resolved_builders.values())
    warn_of_texts(document, kept)
    idle = IdleWarning(document, configuration.workers)
    for builder in resolved_builders.values():
        idle.warn(builder)
    if document.failed:
        return None
    warn(document, parsed, configuration)
    if (size := len(configuration.to_json().encode())) > limits.CANONICAL_BYTES:
        message = f"everything expanded it has {size} bytes, at most {limits.CANONICAL_BYTES} are allowed"
        document.add("limit-expanded", (), message, "smaller matrices")
        return None
    return configuration


def _builders(
    document: Document,
    parsed: parsing.Parsed,
    secrets: AskedSecrets | None,
    inputs: dict[str, dict[str, InputSpec]],
    kept: Kept,
) -> dict[str, resolved.Builder]:
    result: dict[str, resolved.Builder] = {}
    kept.begin_builders(document.data if isinstance(document.data, dict) else {}, parsed.names["builders"])
    for name, model in parsed.builders.items():
        cells = kept.cells(name, model, inputs[name], secrets)
        if cells is None:
            reports = document.reports
            if secrets is not None:
                secrets.asked.clear()
            cells = tuple(builders.BuilderResolver(document, parsed, secrets, name, inputs[name]).resolve())
            if document.reports == reports:
                kept.keep_cells(name, model, inputs[name], secrets, cells)
        result |= {cell.name: cell for cell in cells}
        if len(result) > limits.BUILDERS:
            message = f"there are more than {limits.BUILDERS} builders, matrices expanded"
            document.add("limit-builders", ("builders", name), message)
            break
    used = {model.use for model in parsed.builders.values()}
    for name, template in parsed.templates.items():
        if name not in used:
            declared = builders.template_inputs(document, parsed, name)
            properties = parsed.names["properties"]
            scope = Scope(document=document, secrets=secrets, owner="", properties=properties)
            builders.check_template(scope, name, template, declared, parsed)
    return result


def cells(found: dict[str, resolved.Builder]) -> dict[str, list[str]]:
    """What a name in a trigger means: a cell itself, a builder all its cells."""
    result: dict[str, list[str]] = {name: [name] for name in found}
    for builder in found.values():
        if builder.matrix:
            result.setdefault(builder.base, []).append(builder.name)
    return result


def _address(document: Document, parsed: parsing.Parsed) -> str | None:
    url = parsed.server.url
    if url is not None and not url.startswith(("http://", "https://")):
        document.add("server", ("server", "url"), f"'{url}' is no address", "https://ci.example.org")
    return None if url is None else url.rstrip("/")


def foreign_file(file: str, found: Foreign) -> Problem:
    """What is said of a file that is another system's."""
    message = f"this is {found.name}, not a configuration of Build Ledger"
    return Problem(file=file, line=0, column=0, code="foreign-file", message=message, notes=found.notes)


def ordered(document: Document) -> list[Problem]:
    """Problems in the order of the files, up to the limit."""
    ordered = sorted(document.problems, key=lambda problem: (problem.file, problem.line, problem.column, problem.code))
    left = len(ordered) - limits.PROBLEMS
    if left <= 0:
        return ordered
    more = Problem(
        file=document.file, line=0, column=0, code="limit-problems", message=f"and {plural(left, 'problem')} more"
    )
    return [*ordered[: limits.PROBLEMS], more]
