"""Conditions that are always, or never, true: they compare with a value that there is not."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator

from buildledger.config.expressions.cel import mentioned
from buildledger.config.loading.parsing import Parsed
from buildledger.config.models import file_models
from buildledger.config.problems.problem import Path, did_you_mean, listed
from buildledger.config.reading.document import Document
from buildledger.config.values import Expression
from buildledger.events.results import Result

_TEXT = r"""'([^'\\]*)'|"([^"\\]*)\""""
_SHORT_CIRCUIT = frozenset({"true", "false"})


def compared(source: str, name: str) -> list[str]:
    """The texts that a variable is compared with for equality in an expression."""
    if name not in source:
        return []
    escaped = re.escape(name)
    pairs = re.findall(rf"(?<![\w.]){escaped}\s*==\s*(?:{_TEXT})", source)
    pairs += re.findall(rf"(?:{_TEXT})\s*==\s*{escaped}(?![\w.])", source)
    for listing in re.findall(rf"(?<![\w.]){escaped}\s+in\s+\[([^\]]*)\]", source):
        pairs += re.findall(_TEXT, listing)
    return [one or other for one, other in pairs]


def warn_of_conditions(document: Document, parsed: Parsed) -> None:
    """Warn of each at its place."""
    builders = {name.partition("[")[0] for name in parsed.names["builders"]}
    sound: set[str] = set()  # of which there is nothing to say: thousands of builders may have the same
    for path, source in _conditions(parsed):
        if source in sound:
            continue
        reports = document.reports
        if not mentioned(source) and source.strip() not in _SHORT_CIRCUIT:
            hint = "names are change.branch, worker.labels.os and the like"
            document.add("constant", path, "this depends on nothing: it is always the same", hint, warning=True)
        for name in ("change.branch", "build.branch"):
            for text in compared(source, name):
                _branch(document, path, name, text)
        _one_of(document, path, source, "build.result", {str(result) for result in Result})
        _one_of(document, path, source, "change.source", {*parsed.names["sources"], ""})
        for text in compared(source, "build.builder"):
            if text.partition("[")[0] not in builders:
                _never(document, path, "build.builder", text, builders)
        if document.reports == reports:
            sound.add(source)


def _conditions(parsed: Parsed) -> Iterator[tuple[Path, str]]:
    for name, model in parsed.builders.items():
        for key in ("when", "worker"):
            if (source := getattr(model, key)) is not None:
                yield ("builders", name, key), source
        if isinstance(model.priority, Expression):
            yield ("builders", name, "priority", "expr"), model.priority.source
    for section, models_of in (("builders", parsed.builders), ("templates", parsed.templates)):
        for name, entry in models_of.items():
            for index, step in enumerate(entry.steps or ()):
                if step.when is not None:
                    yield (section, name, "steps", index, "when"), step.when
    for index, trigger in parsed.triggers.items():
        if isinstance(trigger, file_models.SuccessTrigger) and trigger.condition is not None:
            yield ("triggers", index, "if"), trigger.condition


def _branch(document: Document, path: Path, name: str, text: str) -> None:
    for prefix in ("refs/heads/", "refs/tags/", "origin/"):
        if text.startswith(prefix):
            message = f"{name} is never '{text}': branches are named without '{prefix}'"
            hint = f"write '{text.removeprefix(prefix)}'" if prefix != "refs/tags/" else "tags aren't followed"
            document.add("never-true", path, message, hint, warning=True)


def _one_of(document: Document, path: Path, source: str, name: str, known: Collection[str]) -> None:
    for text in compared(source, name):
        if text not in known:
            _never(document, path, name, text, known)


def _never(document: Document, path: Path, name: str, text: str, known: Collection[str]) -> None:
    message = f"{name} is never '{text}'{did_you_mean(text, known)}"
    document.add("never-true", path, message, f"it is one of {listed(each for each in known if each)}", warning=True)
