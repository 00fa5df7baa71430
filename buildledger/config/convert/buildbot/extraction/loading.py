"""Loads the configuration with Buildbot's own loader and walks what comes out of it."""

from __future__ import annotations

import inspect
from pathlib import Path
from typing import Any

try:
    from buildbot.config.master import FileLoader, MasterConfig
except ImportError:  # Buildbot 2 and 3.0 to 3.4
    from buildbot.config import FileLoader, MasterConfig
from twisted.python import log

from .describing import Describer
from .recording import Recorder

_WALKED = frozenset({"builders", "workers", "schedulers", "change_sources", "services"})


def load(master_cfg: Path) -> dict[str, Any]:
    """The whole configuration, as JSON will have it.

    Raises:
        ConfigErrors: What Buildbot says is wrong; `buildledger_cause` is what the file itself has raised, if it has.
    """
    recorder = Recorder()
    recorder.install()
    raised: list[BaseException] = []
    observe = _collecting(raised)
    log.addObserver(observe)
    try:
        config = FileLoader(str(master_cfg.parent), master_cfg.name).loadConfig()
    except Exception as error:
        if raised:
            error.buildledger_cause = raised[-1]  # type: ignore[attr-defined]
        raise
    finally:
        log.removeObserver(observe)
    return _walk(config, recorder)


def _collecting(raised: list[BaseException]) -> Any:
    def observe(event: dict[str, Any]) -> None:
        failure = event.get("failure")
        if event.get("isError") and failure is not None:
            raised.append(failure.value)

    return observe


def _walk(config: Any, recorder: Recorder) -> dict[str, Any]:
    describer = Describer(recorder)
    settings = {
        name: describer.value(value, name)
        for name, value in vars(config).items()
        if name not in _WALKED and not name.startswith("_") and not _is_default(name, value)
    }
    factories = _Factories(describer, recorder)
    return {
        "builders": [_builder(builder, describer, factories) for builder in config.builders],
        "factories": factories.described,
        "workers": [describer.thing(each) for each in config.workers],
        "schedulers": [describer.thing(each) for each in config.schedulers.values()],
        "change_sources": [describer.thing(each) for each in config.change_sources],
        "services": [describer.thing(each) for each in config.services.values()],
        "settings": settings,
        # Last: describing all the others is what fills it.
        "classes": describer.classes,
    }


def _is_default(name: str, value: Any) -> bool:
    default = getattr(MasterConfig(), name, None)
    try:
        return bool(value == default) or (repr(value) == repr(default) and not callable(value))
    except Exception:
        return False


def _builder(builder: Any, describer: Describer, factories: _Factories) -> dict[str, Any]:
    described = describer.thing(builder)
    described["factory"] = factories.number(builder.factory)
    described["attributes"].pop("factory", None)
    described["arguments"].pop("factory", None)
    return described


class _Factories:
    """Build factories, each described once however many builders share it."""

    def __init__(self, describer: Describer, recorder: Recorder) -> None:
        self.described: list[dict[str, Any]] = []
        self._describer = describer
        self._recorder = recorder
        self._numbers: dict[int, int] = {}

    def number(self, factory: Any) -> int:
        """The number of a factory in `described`."""
        if id(factory) not in self._numbers:
            self._numbers[id(factory)] = len(self.described)
            made = self._recorder.made(factory)
            self.described.append(
                {
                    "class": self._describer.class_number(type(factory)),
                    "place": self._describer.place(made.place if made else None),
                    "attributes": {
                        name: self._describer.value(getattr(factory, name, None))
                        for name in ("workdir", "buildClass", "skipBuildIf")
                        if hasattr(factory, name)
                    },
                    "steps": [self._step(each) for each in factory.steps],
                }
            )
        return self._numbers[id(factory)]

    def _step(self, step_factory: Any) -> dict[str, Any]:
        """A step is made, as for a build: only then has a class of the user's said what it gives to Buildbot's."""
        describer = self._describer
        made = self._recorder.made(step_factory)
        described: dict[str, Any] = {
            "class": describer.class_number(_class_of(step_factory)),
            "place": describer.place(made.place if made else None),
            "arguments": {name: describer.value(value, name) for name, value in step_factory.kwargs.items()},
            "attributes": {},
            "error": None,
        }
        try:
            step = step_factory.buildStep()
            described["attributes"] = describer.attributes(step)
            workdir = vars(step).get("_workdir", inspect.Parameter.empty)
            if workdir is not inspect.Parameter.empty:
                described["attributes"]["workdir"] = describer.value(workdir)
        except Exception as error:
            described["error"] = f"{type(error).__name__}: {error}"
        return described


def _class_of(step_factory: Any) -> type:
    """The class of a step; Buildbot 2 and 3 call it the factory's factory."""
    cls: type = getattr(step_factory, "step_class", None) or step_factory.factory
    return cls
