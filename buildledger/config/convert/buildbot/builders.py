"""Builders and the steps of their factories."""

from __future__ import annotations

from typing import Any

from buildledger.config import limits
from buildledger.config.convert.buildbot import described, environment, names, values
from buildledger.config.convert.buildbot.account import Entry, Kind, UnsayableError
from buildledger.config.convert.buildbot.context import BuildContext
from buildledger.config.convert.buildbot.described import BuilderOf, FactoryOf, Place, StepOf, Value
from buildledger.config.convert.buildbot.forced import not_texts
from buildledger.config.convert.buildbot.locks import Locks
from buildledger.config.convert.buildbot.new_builder import NewBuilder, NewStep, make_unique, remark_missing
from buildledger.config.convert.buildbot.references import literal
from buildledger.config.convert.buildbot.repositories import Repositories
from buildledger.config.convert.buildbot.site import Site, entries, items
from buildledger.config.convert.buildbot.steps import kinds
from buildledger.config.convert.buildbot.steps.step import Keys, OldStep
from buildledger.config.convert.buildbot.steps.windows import are_windows
from buildledger.config.convert.buildbot.workers import MADE_BY_BUILDBOT, Workers


class Builders:
    """The builders of the result."""

    def __init__(self, site: Site, workers: Workers, locks: Locks) -> None:
        self._site = site
        self._workers = workers
        self._locks = locks
        self._not_texts = not_texts(site.extracted)
        self._repositories = Repositories(site.extracted)
        self.declared: list[NewBuilder] = []
        self.properties: dict[str, Any] = {}
        """Of all builds."""

    def convert(self) -> None:
        """Convert all of them, and the properties that all their builds have."""
        common = BuildContext(self._site, {}, None)
        given = entries(self._site.extracted.settings.get("properties"))
        self.properties = self._properties(given, "", None, common)
        for builder in self._site.extracted.builders:
            old = str(builder.attributes.get("name"))
            if old.startswith(MADE_BY_BUILDBOT):
                cleaning = self._site.account.entry(Kind.SETTINGS, old, "JanitorConfigurator", None)
                cleaning.refuse("how long logs are kept comes with `retention` of a later version")
                continue
            entry = self._site.account.entry(Kind.BUILDERS, old, old, builder.place)
            self.declared.append(self._builder(builder, old, entry))

    def _builder(self, builder: BuilderOf, old: str, entry: Entry) -> NewBuilder:
        site, get = self._site, builder.attributes.get
        workers = [str(each) for each in items(get("workernames"))]
        context = BuildContext(site, self._workers.labels(workers), None)
        context.is_windows = are_windows(workers, self._workers.shared(workers))
        if context.is_windows:
            entry.note("workers", "they are Windows by their names or properties: its scripts are for `cmd.exe`", "")
        context.not_texts = self._not_texts.get(old, set())
        new = site.builder_names.name(old)
        keys = self._about(builder, new, old)
        env = environment.convert(get("env"), context, entry)
        context.variables = env.from_worker
        for name in entries(site.extracted.settings.get("properties")):
            context.set_property(name)
        own = {**entries(get("defaultProperties")), **entries(get("properties"))}
        properties = self._properties(own, old, builder.place, context)
        context.constants = {name: value for name, value in own.items() if isinstance(value, str)}
        context.repository = self._repositories.of(old)
        locks = self._locks.uses(get("locks"), workers, entry)
        context.held = {_lock(use) for use in locks}
        factory = site.extracted.factories[builder.factory]
        steps, closing = self._steps(factory, builder.factory, workers, context, entry)
        # Only now is it known which properties of the whole configuration its steps use.
        keys |= {"env": env.env} if env.env else {}
        keys |= {"properties": properties} if properties else {}
        keys["worker"] = self._worker(workers)
        keys |= self._collapse(get("collapseRequests"), entry)
        if locks:
            keys["locks"] = locks
        self._functions(builder, entry)
        context.remark_inputs(entry)
        shown = new == old or keys.get("description") == old
        return NewBuilder(new, keys, context.inputs, steps, closing, [] if shown else [f"in Buildbot: {old}"])

    def _is_held(self, use: Any, old: OldStep) -> bool:
        """Whether the builder already holds what a step would take, and so would wait for itself."""
        if _lock(use) not in old.context.held:
            return False
        old.entry.note(
            "locks", f"the builder holds '{_lock(use)}' all the time", "take it in the builder or in its steps"
        )
        return True

    def _about(self, builder: BuilderOf, new: str, old: str) -> dict[str, Any]:
        get = builder.attributes.get
        keys: dict[str, Any] = {}
        if isinstance(project := get("project"), str) and project:
            keys["project"] = names.name(project)
        description = get("description")
        if isinstance(description, str) and description:
            keys["description"] = description[: limits.TEXT_CHARACTERS]
        elif new != old:
            keys["description"] = old
        if tags := list(dict.fromkeys(names.name(str(tag)) for tag in items(get("tags")))):
            keys["tags"] = tags[:64]
        return keys

    def _properties(
        self, given: dict[str, Value], owner: str, place: Place | None, context: BuildContext
    ) -> dict[str, Any]:
        """Properties of a builder, or of all of them."""
        converted: dict[str, Any] = {}
        for name, value in given.items():
            said = f"{name} of {owner}" if owner else name
            entry = self._site.account.entry(Kind.PROPERTIES, (owner, name), said, place)
            try:
                converted[context.set_property(name)] = _property_value(value, context)
            except UnsayableError as error:
                entry.refuse(error.why, error.instead)
        return converted

    def _worker(self, workers: list[str]) -> str:
        new = [self._site.worker_names.name(each) for each in dict.fromkeys(workers)]
        if len(new) == 1:
            return f"worker.name == {literal(new[0])}"
        named = f"worker.name in [{', '.join(literal(each) for each in new)}]"
        if len(named) <= limits.EXPRESSION_CHARACTERS:
            return named
        return f"worker.labels.{self._workers.group(new)} == 'true'"

    def _collapse(self, value: Value, entry: Entry) -> dict[str, Any]:
        if value is None:
            value = self._site.extracted.settings.get("collapseRequests")
        if value is False:
            return {"collapse": "never"}
        if value is not None and value is not True:
            entry.note("collapseRequests", values.unsayable(value).why, "choose never, same-branch or same-revision")
        return {}

    def _functions(self, builder: BuilderOf, entry: Entry) -> None:
        """Choices that are made by code."""
        get = builder.attributes.get
        for name, instead in (
            ("nextWorker", "the worker is chosen by `worker`, and among those that fit by the server"),
            ("nextBuild", "requests are taken by `priority`, then by age"),
            (
                "canStartBuild",
                "say in `worker` what a worker has to be, and take a lock for what must not be at one time",
            ),
            ("do_build_if", "say it in `when`"),
        ):
            value = get(name)
            of_buildbot = isinstance(value, described.Function) and "/buildbot/config/" in value.place.file
            if value is not None and not of_buildbot:
                entry.note(name, values.unsayable(value).why, instead)

    def _steps(
        self, factory: FactoryOf, number: int, workers: list[str], context: BuildContext, builder: Entry
    ) -> tuple[list[NewStep], list[str]]:
        workdir = factory.attributes.get("workdir")
        context.base = workdir.rstrip("/") if isinstance(workdir, str) and workdir.strip("/.") else "build"
        made: list[NewStep] = []
        waiting: list[str] = []
        for index, step in enumerate(factory.steps):
            old = self._old_step(factory, number, index, step, context)
            builder.parts.append(old.entry)
            if not isinstance(workdir, str | None):
                old.entry.note(
                    "workdir", "the factory's workdir is made when it runs", "it runs in the build's directory"
                )
            try:
                converted = self._convert(old, workers)
            except UnsayableError as error:
                old.entry.refuse(error.why, error.instead)
                place = "" if step.place is None else f", line {step.place.line}"
                waiting.append(f"not converted: {old.entry.name}{place}: {error.why}")
                continue
            made += [
                NewStep(keys, [*waiting, *old.comments] if position == 0 else [])
                for position, keys in enumerate(converted)
            ]
            waiting = []
        make_unique(made)
        remark_missing(builder)
        if not made:
            lost = bool(factory.steps)
            placeholder: Keys = {"name": "nothing was converted", "run": ["false"]} if lost else {"run": ["true"]}
            return [NewStep(placeholder, waiting or ["the factory has no steps"])], []
        return made[: limits.STEPS], waiting

    def _old_step(self, factory: FactoryOf, number: int, index: int, step: StepOf, context: BuildContext) -> OldStep:
        cls = self._site.extracted.class_of(step)
        said = step.attributes.get("name", cls.attributes.get("name"))
        name = f"{cls.name} '{said}'" if isinstance(said, str) and said != cls.name else cls.name
        place = step.place or factory.place
        return OldStep(step, cls, context, self._site.account.entry(Kind.STEPS, (number, index), name, place))

    def _convert(self, old: OldStep, workers: list[str]) -> list[Keys]:
        if old.step.error is not None:
            raise UnsayableError(f"the step can't be made: {old.step.error}")
        converted = kinds.convert(old)
        locks = old.attribute("locks")
        if items(locks):
            used = [use for use in self._locks.uses(locks, workers, old.entry) if not self._is_held(use, old)]
            if used:
                converted[0]["locks"] = used
        return converted


def _lock(use: Any) -> str:
    return str(use["lock"] if isinstance(use, dict) else use)


def _property_value(value: Value, context: BuildContext) -> Any:
    match value:
        case bool() | int():
            return value
        case described.ListOf(items=elements) if all(isinstance(each, str) for each in elements):
            return list(elements)
        case None:
            return ""
        case _:
            return values.text(value, context)
