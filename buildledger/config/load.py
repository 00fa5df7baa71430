"""The way in: a configuration file → `Configuration`, or everything that is wrong with it."""

from __future__ import annotations

from pathlib import Path

from buildledger.config import (
    builders,
    grants,
    limits,
    parsing,
    projects,
    resolved,
    secret_settings,
    sources,
    triggers,
    workers,
)
from buildledger.config.document import Document
from buildledger.config.doubts.report import warn
from buildledger.config.doubts.texts import warn_of_texts
from buildledger.config.foreign.recognition import Foreign, recognise
from buildledger.config.given_files import read_file
from buildledger.config.inherited import check_inherited
from buildledger.config.inputs import InputSpec
from buildledger.config.kept import AskedSecrets, Kept
from buildledger.config.lock_checks import check_lock_order
from buildledger.config.places import Mark
from buildledger.config.problems import ConfigErrors, Problem
from buildledger.config.resolved import Configuration
from buildledger.config.scopes import Scope
from buildledger.config.secrets.providers import provider
from buildledger.config.yaml_reader import Reader
from buildledger.wording import plural


def load(path: Path, *, secrets_required: bool = True) -> Configuration:
    """Read, check and resolve a file. Relative paths in it are relative to its directory.

    `secrets_required=False` doesn't look for the secrets that it names, for a machine that isn't the server.

    Raises:
        ConfigErrors: With all problems, warnings too, in the order of the file.
    """
    return Loader(secrets_required=secrets_required).load(path)


def check(path: Path, *, secrets_required: bool = True) -> list[Problem]:
    """All problems of a file, in its order; if only warnings are among them, or nothing, it can be loaded."""
    return Loader(secrets_required=secrets_required).read(path)[1]


def resolve_text(
    text: str, *, file: str, directory: Path, secrets_required: bool = True
) -> tuple[Configuration | None, list[Problem]]:
    """A text as a configuration, None if it has errors, and all its problems in their order.

    `file` is what the problems name; relative paths in the text are relative to `directory`.
    """
    return Loader(secrets_required=secrets_required).resolve(text, file=file, directory=directory)


class Loader:
    """Loads the same file again and again; what hasn't changed in it isn't read, checked and resolved again."""

    def __init__(self, *, secrets_required: bool = True) -> None:
        self._secrets_required = secrets_required
        self.warnings: tuple[Problem, ...] = ()
        """Of the file that was loaded last."""
        self._reader = Reader()
        self._kept = Kept()

    def load(self, path: Path) -> Configuration:
        """See `load`.

        Raises:
            ConfigErrors: With all problems, warnings too, in the order of the file.
        """
        configuration, problems = self.read(path)
        if configuration is None:
            raise ConfigErrors(problems)
        self.warnings = tuple(problems)
        return configuration

    def read(self, path: Path) -> tuple[Configuration | None, list[Problem]]:
        """A file as a configuration, None if it has errors, and all its problems in its order."""
        file = str(path)
        try:
            raw = read_file(path, limits.FILE_BYTES + 1)
        except (OSError, ValueError) as error:
            reason = getattr(error, "strerror", None) or str(error)
            return None, [Problem(file=file, line=0, column=0, code="file", message=f"can't be read: {reason}")]
        if len(raw) > limits.FILE_BYTES:
            message = f"the file is larger than {limits.FILE_BYTES} bytes"
            return None, [Problem(file=file, line=0, column=0, code="limit-file", message=message)]
        try:
            text = raw.decode("utf-8-sig")
        except UnicodeDecodeError as error:
            return None, [not_utf8(file, raw, error)]
        return self.resolve(text, file=file, directory=path.resolve().parent)

    def resolve(self, text: str, *, file: str, directory: Path) -> tuple[Configuration | None, list[Problem]]:
        """See `resolve_text`; the directory is the same each time."""
        document = self._reader.read(text, file)
        if foreign := recognise(text, document.data):
            return None, [_foreign(file, foreign)]
        kept = Kept(self._kept)
        configuration = _resolve(document, directory.resolve(), kept, secrets_required=self._secrets_required)
        if configuration is not None:
            self._kept = kept.settle()
        return configuration, ordered(document)


def _resolve(document: Document, directory: Path, kept: Kept, *, secrets_required: bool) -> Configuration | None:
    """The configuration, or None if the document has errors."""
    if document.data is None and document.failed:
        return None
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
    check_lock_order(document, resolved_builders.values())
    warn_of_texts(document, kept)
    idle = builders.IdleWarning(document, configuration.workers)
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


def _foreign(file: str, found: Foreign) -> Problem:
    message = f"this is {found.name}, not a configuration of Build Ledger"
    return Problem(file=file, line=0, column=0, code="foreign-file", message=message, notes=found.notes)


def not_utf8(file: str, raw: bytes, error: UnicodeDecodeError) -> Problem:
    """The problem of a file that is no text, at the first byte that shows it."""
    before = raw[: error.start].decode("utf-8", "replace")
    mark = Mark(before.count("\n") + 1, len(before) - (before.rfind("\n") + 1) + 1)
    message = f"the byte 0x{raw[error.start]:02x} isn't UTF-8"
    return Problem(
        file=file, line=mark.line, column=mark.column, code="encoding", message=message, hint="save as UTF-8"
    )


def ordered(document: Document) -> list[Problem]:
    """Problems in the order of the file, up to the limit."""
    ordered = sorted(document.problems, key=lambda problem: (problem.line, problem.column, problem.code))
    left = len(ordered) - limits.PROBLEMS
    if left <= 0:
        return ordered
    more = Problem(
        file=document.file, line=0, column=0, code="limit-problems", message=f"and {plural(left, 'problem')} more"
    )
    return [*ordered[: limits.PROBLEMS], more]
