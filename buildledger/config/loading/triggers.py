"""Triggers of the file: names, references, times, and chains of success that never end."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any, assert_never
from zoneinfo import ZoneInfo

from cronsim import CronSim, CronSimError

from buildledger.config import resolved
from buildledger.config.inputs import InputSpec
from buildledger.config.loading.builders import specs
from buildledger.config.loading.parsing import Parsed
from buildledger.config.models import file_models
from buildledger.config.models.default_models import TriggerDefaults
from buildledger.config.problems.problem import Path, did_you_mean, listed
from buildledger.config.reading.document import Document
from buildledger.config.references.scopes import CONDITIONS, Place, Scope
from buildledger.config.values import Expression
from buildledger.wording import plural

TriggerModel = (
    file_models.ChangeTrigger | file_models.ManualTrigger | file_models.CronTrigger | file_models.SuccessTrigger
)


def manual_inputs(document: Document, parsed: Parsed) -> dict[str, dict[str, InputSpec]]:
    """The inputs of each builder of the file: its own, and those its manual triggers ask for."""
    result = {
        name: specs(document, ("builders", name, "inputs"), model.inputs) for name, model in parsed.builders.items()
    }
    for index, trigger in parsed.triggers.items():
        if not isinstance(trigger, file_models.ManualTrigger):
            continue
        path = ("triggers", index, "inputs")
        declared = specs(document, path, trigger.inputs)
        for builder in {name.partition("[")[0] for name in trigger.build} & result.keys():
            for name, spec in declared.items():
                if result[builder].setdefault(name, spec) != spec:
                    message = f"the input '{name}' of builder '{builder}' is declared otherwise elsewhere"
                    document.add("input", (*path, name), message, "declare it once, in the builder", at_key=True)
    return result


class TriggerResolver:
    """Checks and expands triggers; `cells` maps each builder of the file, and each cell, to the names it means."""

    def __init__(
        self,
        document: Document,
        parsed: Parsed,
        cells: Mapping[str, Sequence[str]],
        inputs: Mapping[str, Mapping[str, InputSpec]],
        sources: Mapping[str, Collection[str]],
    ) -> None:
        """`sources` are what each builder checks out, by the names of cells."""
        self._sources = sources
        self._document = document
        self._parsed = parsed
        self._cells = cells
        self._inputs = inputs
        self._names: set[str] = {trigger.name for trigger in parsed.triggers.values() if trigger.name}

    def resolve(self) -> dict[str, resolved.Trigger]:
        """All triggers by name; the document has the problems."""
        result: dict[str, resolved.Trigger] = {}
        edges: dict[int, resolved.SuccessTrigger] = {}
        defaults = self._defaults()
        for index, model in self._parsed.triggers.items():
            trigger = self._resolve(("triggers", index), model.with_defaults(defaults))
            if trigger.name in result:
                message = f"there are two triggers named '{trigger.name}'"
                self._document.add("duplicate-name", ("triggers", index, "name"), message)
            result[trigger.name] = trigger
            if isinstance(trigger, resolved.SuccessTrigger):
                edges[index] = trigger
        self._refuse_cycles(edges)
        return result

    def _defaults(self) -> TriggerDefaults:
        """The defaults, without a time zone that isn't one: what is wrong with that is said once."""
        defaults = self._parsed.defaults.trigger
        if self._check_zone(("defaults", "trigger", "zone"), defaults.zone):
            return defaults
        return TriggerDefaults(**{key: getattr(defaults, key) for key in defaults.model_fields_set - {"zone"}})

    def _resolve(self, path: Path, model: TriggerModel) -> resolved.Trigger:
        build = self._builders((*path, "build"), model.build)
        if not isinstance(model, file_models.ManualTrigger):
            self._check_inputs(path, model)
        match model:
            case file_models.ChangeTrigger():
                sources = self._parsed.names["sources"]
                if model.source not in sources:
                    message = f"there is no source '{model.source}'{did_you_mean(model.source, sources)}"
                    self._document.add("unknown-source", (*path, "source"), message, f"sources: {listed(sources)}")
                return resolved.ChangeTrigger(
                    name=self._name(model, "change", model.source),
                    build=build,
                    source=model.source,
                    branches=tuple(model.branches),
                    settle_seconds=model.settle,
                )
            case file_models.ManualTrigger():
                declared = specs(self._document, (*path, "inputs"), model.inputs)
                return resolved.ManualTrigger(
                    name=self._name(model, "manual", model.build[0]), build=build, inputs=declared
                )
            case file_models.CronTrigger():
                self._check_time(path, model)
                return resolved.CronTrigger(
                    name=self._name(model, "cron", model.build[0]),
                    build=build,
                    at=model.at,
                    zone=model.zone,
                    only_if_changed=model.only_if_changed,
                    branch=model.branch,
                )
            case file_models.SuccessTrigger():
                return self._success(path, model, build)
            case _:
                assert_never(model)

    def _success(
        self, path: Path, model: file_models.SuccessTrigger, build: tuple[str, ...]
    ) -> resolved.SuccessTrigger:
        if model.condition is not None:
            scope = Scope(document=self._document, secrets=None, owner="the trigger")
            scope.check_expression((*path, "if"), model.condition, Place.SUCCESS, CONDITIONS)
        of = self._builders((*path, "of"), model.of)
        self._refuse_different_sources(path, of)
        return resolved.SuccessTrigger(
            name=self._name(model, "success", model.of[0]),
            build=build,
            of=of,
            condition=None if model.condition is None else Expression(model.condition),
        )

    def _refuse_different_sources(self, path: Path, of: Sequence[str]) -> None:
        """Builders that check out different sources never succeed for the same revisions."""
        by_sources: dict[frozenset[str], str] = {}
        for name in of:
            if sources := frozenset(self._sources.get(name, ())):
                by_sources.setdefault(sources, name)
        if len(by_sources) > 1:
            (one, first), (other, second), *_ = by_sources.items()
            message = (
                f"'{first}' checks out {listed(sorted(one))} and '{second}' checks out {listed(sorted(other))}: "
                "they never succeed for the same revisions"
            )
            hint = "make a trigger for each, or let both check out the same sources"
            self._document.add("trigger-sources", (*path, "of"), message, hint)

    def _name(self, model: TriggerModel, kind: str, subject: str) -> str:
        if model.name is not None:
            return model.name
        base = name = f"{kind}-{subject}"
        count = 1
        while name in self._names:
            count += 1
            name = f"{base}-{count}"
        self._names.add(name)
        return name

    def _builders(self, path: Path, names: Sequence[str]) -> tuple[str, ...]:
        """Cell names, each once; what doesn't exist is reported and left out."""
        result: dict[str, None] = {}
        for index, name in enumerate(names):
            if name in self._cells:
                result.update(dict.fromkeys(self._cells[name]))
            elif name.partition("[")[0] not in self._parsed.names["builders"] or self._cells.get(
                name.partition("[")[0]
            ):
                guess = did_you_mean(name, self._cells)
                hint = f"builders: {listed(self._parsed.names['builders'])}" if self._parsed.names["builders"] else ""
                self._document.add("unknown-builder", (*path, index), f"there is no builder '{name}'{guess}", hint)
        return tuple(result)

    def _check_inputs(self, path: Path, model: Any) -> None:
        """A trigger without a person can't answer questions."""
        for index, name in enumerate(model.build):
            for key, spec in self._inputs.get(name.partition("[")[0], {}).items():
                if spec.default is None:
                    message = f"'{name}' needs the input '{key}', which a {model.on} trigger can't give"
                    hint = "give the input a default, or build it by a manual trigger only"
                    self._document.add("missing-input", (*path, "build", index), message, hint)

    def _check_time(self, path: Path, model: file_models.CronTrigger) -> None:
        try:
            if (count := len(model.at.split())) != CRON_FIELDS:
                raise CronSimError(f"it has {plural(count, 'field')}, not five")
            next(CronSim(model.at, datetime(2024, 1, 1, tzinfo=UTC)))
        except (CronSimError, StopIteration) as error:
            reason = _FIELD.sub(r"its \1 is wrong", str(error).replace("-", " ")) or "it never comes"
            short = _SHORT.get(model.at.strip().lstrip("@"))
            hint = (
                f"write '{short}'" if short else "minute, hour, day of the month, month, day of the week: '0 3 * * *'"
            )
            self._document.add("cron", (*path, "at"), f"'{model.at}' is no time: {reason}", hint)
        self._check_zone((*path, "zone"), model.zone)

    def _check_zone(self, path: Path, zone: str) -> bool:
        try:
            ZoneInfo(zone)
        except (KeyError, ValueError, OSError):
            message = f"there is no time zone '{zone}'"
            self._document.add("cron", path, message, "an IANA name, such as Europe/London")
            return False
        return True

    def _refuse_cycles(self, edges: Mapping[int, resolved.SuccessTrigger]) -> None:
        graph: dict[str, set[str]] = {}
        for trigger in edges.values():
            for before in trigger.of:
                graph.setdefault(before, set()).update(trigger.build)
        for index, trigger in edges.items():
            way = _way(graph, trigger.build, trigger.of)
            if way:
                circle = " → ".join([way[-1], *way])
                message = f"this trigger never ends: {circle}"
                self._document.add("trigger-cycle", ("triggers", index), message, "take one of these triggers out")


CRON_FIELDS = 5
_FIELDS = "minute, hour, day of the month, month, day of the week"
_FIELD = re.compile(r"^Bad (.*)")
_SHORT = {
    "hourly": "0 * * * *",
    "daily": "0 0 * * *",
    "nightly": "0 3 * * *",
    "midnight": "0 0 * * *",
    "weekly": "0 0 * * 0",
    "monthly": "0 0 1 * *",
    "yearly": "0 0 1 1 *",
    "annually": "0 0 1 1 *",
}
"""What other systems have instead of five fields."""


def _way(graph: Mapping[str, Iterable[str]], starts: Iterable[str], goals: Iterable[str]) -> list[str]:
    """The shortest way from one of the starts to one of the goals, both included; empty if there is none."""
    wanted = set(goals)
    ways: dict[str, list[str]] = {start: [start] for start in starts}
    queue = list(ways)
    for name in queue:
        if name in wanted:
            return ways[name]
        for following in sorted(graph.get(name, ())):
            if following not in ways:
                ways[following] = [*ways[name], following]
                queue.append(following)
    return []
