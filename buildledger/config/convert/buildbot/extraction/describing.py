"""Values of a configuration as JSON: plain data as it is, everything else as an object with the key `$`.

What may be a secret is never described: an argument, an attribute or an entry whose name says so becomes `hidden`.
"""

from __future__ import annotations

import inspect
import linecache
import re
from typing import Any

from .functions import library_name, source_of, surroundings
from .recording import Place, Recorder

DEPTH = 12
"""Deeper values are named by their type only."""
FUNCTIONS_DEEP = 3
"""Functions in functions that are described with what they use."""
_SECRET = re.compile(r"(pass(word|wd|phrase)?|secret|token|credentials?|api_?key|private_?key)$", re.IGNORECASE)
_INTERNAL = frozenset(
    {"build", "master", "worker", "workerforbuilder", "factory", "progress", "parent", "services", "namedServices"}
    | {"running", "renderables", "compare_attrs", "cmd", "step_status", "observer", "rendered", "build_stats"}
    | {"interpolations", "updateBuildSummaryPolicy", "statistics", "logs"}
)
"""Attributes that Buildbot uses while it runs."""
_CREDENTIALS = re.compile(r"(\w+://[^/@:\s]*):[^/@\s]+@")


def may_be_secret(name: str) -> bool:
    """Whether a value under this name may be a password, a token or the like."""
    return _SECRET.search(name) is not None


class Describer:
    """Describes values, and each class once: `classes` has them by the number that objects refer to."""

    def __init__(self, recorder: Recorder) -> None:
        self.classes: list[dict[str, Any]] = []
        self._recorder = recorder
        self._numbers: dict[type, int] = {}
        self._open: list[int] = []
        self._within = 0

    def value(self, value: Any, name: str = "") -> Any:
        """One value, the argument or attribute `name` of something."""
        if isinstance(value, (str, bytes)) and value and may_be_secret(name):
            return {"$": "hidden", "name": name}
        if value is None or isinstance(value, (bool, int, float, str)):
            plain = value if type(value) in (bool, int, float, str, type(None)) else str(value)
            return _CREDENTIALS.sub(r"\1@", plain) if isinstance(plain, str) else plain
        if isinstance(value, bytes):
            return value.decode("utf-8", "replace")
        if id(value) in self._open or len(self._open) >= DEPTH:
            return {"$": "opaque", "type": type(value).__name__}
        self._open.append(id(value))
        try:
            return self._composite(value)
        except Exception:
            return {"$": "opaque", "type": type(value).__name__}
        finally:
            self._open.pop()

    def _composite(self, value: Any) -> dict[str, Any]:
        if isinstance(value, (list, tuple, range)):
            return {"$": "list", "items": [self.value(each) for each in value]}
        if isinstance(value, (set, frozenset)):
            return {"$": "list", "items": [self.value(each) for each in sorted(value, key=repr)]}
        if isinstance(value, dict):
            return {
                "$": "dict",
                "items": [[self.value(key), self.value(each, str(key))] for key, each in value.items()],
            }
        if isinstance(value, re.Pattern):
            return {"$": "regex", "pattern": self.value(value.pattern)}
        if isinstance(value, type):
            return {"$": "class", "class": self.class_number(value)}
        described = self._renderable(value) or self._callable(value)
        if described is None and any(each.__module__.startswith("buildbot") for each in type(value).__mro__):
            described = self.thing(value)
        # What has nothing of Buildbot's may be anything, such as a web application with all it holds.
        return described or {"$": "opaque", "type": type(value).__name__}

    def _renderable(self, value: Any) -> dict[str, Any] | None:
        """What is put together when a build runs."""
        kind = type(value).__name__
        if not _module(type(value)).startswith("buildbot.process.properties"):
            return None
        if kind == "Interpolate":
            args, kwargs = list(value.args), dict(value.kwargs)
            return {
                "$": "interpolate",
                "format": value.fmtstring,
                "args": self.value(args),
                "kwargs": self.value(kwargs),
            }
        if kind == "WithProperties":
            subs = getattr(value, "lambda_subs", {})
            return {
                "$": "with-properties",
                "format": value.fmtstring,
                "args": self.value(list(value.args)),
                "functions": self.value(subs),
            }
        if kind == "Property":
            default, when_false = self.value(value.default), bool(value.defaultWhenFalse)
            return {"$": "property", "name": value.key, "default": default, "default_when_false": when_false}
        if kind in ("Secret", "_SecretRenderer"):
            return {"$": "secret", "name": value.secret_name}
        if kind == "_OperatorRenderer":
            return {
                "$": "operator",
                "left": self.value(value.v1),
                "operator": value.cstr,
                "right": self.value(value.v2),
            }
        if kind == "FlattenList":
            return {"$": "flatten", "items": self.value(value.nestedlist)}
        if kind == "Properties":
            return {
                "$": "dict",
                "items": [[name, self.value(each[0], name)] for name, each in value.properties.items()],
            }
        if kind == "_Renderer":
            function = self._callable(value.fn) or {}
            return {**function, "$": "renderer"}
        if kind == "Transform":
            return {
                "$": "transform",
                "function": self.value(value._function),
                "args": self.value(list(value._args)),
                "kwargs": self.value(dict(value._kwargs)),
            }
        return {"$": "opaque", "type": kind}

    def _callable(self, value: Any) -> dict[str, Any] | None:
        library = library_name(value)
        if library is not None:
            return {"$": "library", "name": library}
        function = inspect.unwrap(getattr(value, "__func__", value))
        code = getattr(function, "__code__", None)
        if code is None:
            return None
        return {
            "$": "function",
            "name": getattr(function, "__name__", "?"),
            "place": self.place(Place(code.co_filename, code.co_firstlineno)),
            "source": source_of(code),
            "names": self._surroundings(function),
        }

    def _surroundings(self, function: Any) -> dict[str, Any]:
        """What a function uses; of the functions that it calls too, and of theirs no more."""
        if self._within >= FUNCTIONS_DEEP:
            return {}
        self._within += 1
        try:
            return {name: self.value(each, name) for name, each in surroundings(function).items()}
        finally:
            self._within -= 1

    def thing(self, thing: Any) -> dict[str, Any]:
        """An object: its class, where it was made, with which arguments, and its attributes."""
        made = self._recorder.made(thing)
        return {
            "$": "object",
            "class": self.class_number(type(thing)),
            "place": self.place(made.place if made else None),
            "arguments": self._arguments(thing, made),
            "attributes": self.attributes(thing),
        }

    def attributes(self, thing: Any) -> dict[str, Any]:
        """An object's own attributes, without those that are only its machinery."""
        own = getattr(thing, "__dict__", {})
        return {
            name: self.value(value, name)
            for name, value in own.items()
            if not name.startswith("_") and name not in _INTERNAL
        }

    def _arguments(self, thing: Any, made: Any) -> dict[str, Any]:
        """By name, as far as the signatures tell. Services keep those that reach Buildbot through user's classes."""
        cls = type(thing)
        if hasattr(thing, "_config_args"):
            args, kwargs = thing._config_args, thing._config_kwargs
            candidates = [getattr(cls, "checkConfig", None), getattr(cls, "reconfigService", None), cls.__init__]
        elif made is not None:
            args, kwargs = made.args, made.kwargs
            candidates = [cls.__init__]
        else:
            return {}
        bound = next((found for each in candidates if each and (found := _bind(each, thing, args, kwargs))), None)
        if bound is None:
            bound = {**{str(index): value for index, value in enumerate(args)}, **kwargs}
        if made is not None and "name" in made.kwargs:
            bound.setdefault("name", made.kwargs["name"])
        return {name: self.value(value, name) for name, value in bound.items()}

    def class_number(self, cls: type) -> int:
        """The number of a class in `classes`."""
        if cls not in self._numbers:
            self._numbers[cls] = len(self.classes)
            described: dict[str, Any] = {}
            self.classes.append(described)
            described.update(self._class(cls))
        return self._numbers[cls]

    def _class(self, cls: type) -> dict[str, Any]:
        mro = [each for each in cls.__mro__ if each.__name__ != "BuildStepWrapperMixin"]
        own = [
            each for each in mro if not _module(each).startswith(("buildbot", "twisted", "zope")) and each is not object
        ]
        attributes: dict[str, Any] = {}
        for each in reversed(mro):
            attributes.update({name: value for name, value in vars(each).items() if _is_data(name, value)})
        methods = {
            name: value for each in reversed(own) for name, value in vars(each).items() if inspect.isfunction(value)
        }
        return {
            "name": cls.__name__,
            "module": _module(cls),
            "bases": [each.__name__ for each in mro],
            "of_user": bool(own),
            "methods": sorted(methods),
            "runs": {name: self._callable(methods[name]) for name in ("run", "start") if name in methods},
            "place": self.place(_where(own[0])) if own else None,
            "attributes": {name: self.value(value, name) for name, value in attributes.items()},
        }

    def place(self, place: Place | None) -> dict[str, Any] | None:
        """A place, if it is known."""
        return None if place is None else {"file": place.file, "line": place.line}


def _where(cls: type) -> Place | None:
    """The line that begins a class. Python itself can't tell of a `master.cfg`, which is no module."""
    codes = [inspect.unwrap(value).__code__ for value in vars(cls).values() if inspect.isfunction(value)]
    if codes:
        first = min(codes, key=lambda code: code.co_firstlineno)
        lines = linecache.getlines(first.co_filename)[: first.co_firstlineno]
        begins = [number for number, line in enumerate(lines, 1) if re.match(rf"\s*class\s+{cls.__name__}\b", line)]
        return Place(first.co_filename, begins[-1] if begins else first.co_firstlineno)
    try:
        return Place(inspect.getsourcefile(cls) or "", inspect.findsource(cls)[1] + 1)
    except (OSError, TypeError, IndexError):
        return None


def _module(cls: type) -> str:
    """Where a class is defined; classes of interfaces have a descriptor of that name instead."""
    module = cls.__module__
    return module if isinstance(module, str) else ""


def _is_data(name: str, value: Any) -> bool:
    if name.startswith("_") or name in _INTERNAL:
        return False
    return not (
        callable(value) or isinstance(value, (property, staticmethod, classmethod)) or hasattr(value, "__get__")
    )


def _bind(function: Any, thing: Any, args: Any, kwargs: Any) -> dict[str, Any] | None:
    """Arguments by the names that a signature has for them; None if they don't fit or it takes just any."""
    try:
        signature = inspect.signature(inspect.unwrap(function))
        bound = signature.bind(thing, *args, **kwargs).arguments
    except (TypeError, ValueError):
        return None
    result: dict[str, Any] = {}
    for index, (name, value) in enumerate(bound.items()):
        kind = signature.parameters[name].kind
        if kind is inspect.Parameter.VAR_POSITIONAL and value:
            return None
        if kind is inspect.Parameter.VAR_KEYWORD:
            result.update(value)
        elif index and kind is not inspect.Parameter.VAR_POSITIONAL:
            result[name] = value
    return result
