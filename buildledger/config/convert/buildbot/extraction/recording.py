"""Remembers, while a configuration is executed, with which arguments and on which line each of its objects was made."""

from __future__ import annotations

import os
import sys
from typing import Any, NamedTuple


class Place(NamedTuple):
    """A line of a file."""

    file: str
    line: int


class Made(NamedTuple):
    """How an object was made. It holds the object, so that no other one can get its id."""

    thing: Any
    args: tuple[Any, ...]
    kwargs: dict[str, Any]
    place: Place | None


class Recorder:
    """Everything that was made since it was installed."""

    def __init__(self) -> None:
        self._made: dict[int, Made] = {}
        self._foreign: tuple[str, ...] = ()

    def made(self, thing: Any) -> Made | None:
        """How a thing was made; None if that wasn't seen."""
        return self._made.get(id(thing))

    def install(self) -> None:
        """Have the base classes of everything in a configuration say when an object is made."""
        import buildbot
        import twisted
        from buildbot import util
        from buildbot.process import buildstep
        from buildbot.schedulers import forcesched
        from buildbot.util.config import ConfiguredMixin

        here = os.path.dirname(os.path.abspath(__file__))
        packages = (os.path.dirname(os.path.abspath(package.__file__ or "")) for package in (buildbot, twisted))
        self._foreign = (here + os.sep, *(package + os.sep for package in packages), "<")
        for base in (util.ComparableMixin, ConfiguredMixin, forcesched.BaseParameter):
            self._watch_new(base)
        self._watch_steps(buildstep._BuildStepFactory)

    def _watch_new(self, base: Any) -> None:
        def new(cls: Any, *args: Any, **kwargs: Any) -> Any:
            thing = object.__new__(cls)
            self._remember(thing, args, kwargs)
            return thing

        base.__new__ = staticmethod(new)

    def _watch_steps(self, factory: Any) -> None:
        """Steps are made of factories, which keep the arguments themselves: their place is what is missing."""
        original = factory.__init__

        def init(thing: Any, *args: Any, **kwargs: Any) -> None:
            self._remember(thing, args, kwargs)
            original(thing, *args, **kwargs)

        factory.__init__ = init

    def _remember(self, thing: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> None:
        self._made[id(thing)] = Made(thing, args, kwargs, self._place())

    def _place(self) -> Place | None:
        """The innermost line that is the user's own."""
        frame: Any = sys._getframe(2)
        while frame is not None:
            file = frame.f_code.co_filename
            if not file.startswith(self._foreign):
                return Place(file, frame.f_lineno)
            frame = frame.f_back
        return None
