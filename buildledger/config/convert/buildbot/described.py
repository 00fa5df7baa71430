"""What `extraction/` prints: the shape of a loaded Buildbot configuration, and of the values in it."""

# ruff: noqa: UP007 - the alias stands before what it names

from __future__ import annotations

from collections.abc import Container
from typing import Union

import msgspec

FORMAT = 1


class Place(msgspec.Struct, frozen=True):
    """A line of a Python file; None where only the file is known."""

    file: str
    line: int | None


class ListOf(msgspec.Struct, frozen=True, tag_field="$", tag="list"):
    """A list or a tuple."""

    items: list[Value]


class DictOf(msgspec.Struct, frozen=True, tag_field="$", tag="dict"):
    """A dictionary, in its order."""

    items: list[tuple[Value, Value]]


class Regex(msgspec.Struct, frozen=True, tag_field="$", tag="regex"):
    """A compiled regular expression."""

    pattern: str


class ClassValue(msgspec.Struct, frozen=True, tag_field="$", tag="class", rename={"cls": "class"}):
    """A class itself, by its number."""

    cls: int


class Hidden(msgspec.Struct, frozen=True, tag_field="$", tag="hidden"):
    """A text that may be a secret, by the name it was given under; its value never left the user's process."""

    name: str


class Opaque(msgspec.Struct, frozen=True, tag_field="$", tag="opaque"):
    """Something that isn't looked into."""

    type: str


class Interpolate(msgspec.Struct, frozen=True, tag_field="$", tag="interpolate"):
    """`Interpolate(format, *args, **kwargs)`."""

    format: str
    args: ListOf
    kwargs: DictOf


class WithProperties(msgspec.Struct, frozen=True, tag_field="$", tag="with-properties"):
    """`WithProperties(format, *args, **functions)`, as before `Interpolate`."""

    format: str
    args: ListOf
    functions: DictOf


class PropertyOf(msgspec.Struct, frozen=True, tag_field="$", tag="property"):
    """`Property(name, default)`."""

    name: str
    default: Value
    default_when_false: bool


class SecretOf(msgspec.Struct, frozen=True, tag_field="$", tag="secret"):
    """`Secret(name)`."""

    name: str


class Operator(msgspec.Struct, frozen=True, tag_field="$", tag="operator"):
    """`Property("branch") == "main"`."""

    left: Value
    operator: str
    right: Value


class Flatten(msgspec.Struct, frozen=True, tag_field="$", tag="flatten"):
    """`FlattenList([...])`."""

    items: Value


class Function(msgspec.Struct, frozen=True, tag_field="$", tag="function"):
    """A function, a method or a lambda."""

    name: str
    place: Place
    source: str
    """Empty where it couldn't be had, or is long."""
    names: dict[str, Value] = {}
    """What it means by the names that it doesn't define itself: plain data and functions."""


class LibraryFunction(msgspec.Struct, frozen=True, tag_field="$", tag="library"):
    """A function of Python itself: `operator.or_`, `posixpath.join`."""

    name: str


class Renderer(msgspec.Struct, frozen=True, tag_field="$", tag="renderer"):
    """A function under `@renderer`."""

    name: str = "?"
    place: Place | None = None
    source: str = ""
    names: dict[str, Value] = {}


class Transform(msgspec.Struct, frozen=True, tag_field="$", tag="transform"):
    """`Transform(function, *args, **kwargs)`."""

    function: Value
    args: ListOf
    kwargs: DictOf


class Thing(msgspec.Struct, frozen=True, tag_field="$", tag="object", rename={"cls": "class"}):
    """An object: its class by number, the line that made it, its arguments by name, its attributes."""

    cls: int
    place: Place | None
    arguments: dict[str, Value]
    attributes: dict[str, Value]


Value = Union[
    None,
    bool,
    int,
    float,
    str,
    ListOf,
    DictOf,
    Regex,
    ClassValue,
    Hidden,
    Opaque,
    Interpolate,
    WithProperties,
    PropertyOf,
    SecretOf,
    Operator,
    Flatten,
    Function,
    LibraryFunction,
    Renderer,
    Transform,
    Thing,
]


class ClassOf(msgspec.Struct, frozen=True):
    """A class that something is an instance of."""

    name: str
    module: str
    bases: list[str]
    """All of them and itself, nearest first, by name."""
    of_user: bool
    """It, or one of its bases, isn't Buildbot's."""
    methods: list[str]
    """That the user's classes define."""
    runs: dict[str, Function]
    """Of them those that do a step's work: `run`, `start`."""
    place: Place | None
    attributes: dict[str, Value]
    """Of the class, inherited ones too."""


class StepOf(msgspec.Struct, frozen=True, rename={"cls": "class"}):
    """A step of a factory."""

    cls: int
    place: Place | None
    arguments: dict[str, Value]
    attributes: dict[str, Value]
    """Of the step as it is made for a build, beyond those of its class."""
    error: str | None
    """Why it couldn't be made."""


class FactoryOf(msgspec.Struct, frozen=True, rename={"cls": "class"}):
    """A build factory."""

    cls: int
    place: Place | None
    attributes: dict[str, Value]
    steps: list[StepOf]


class BuilderOf(msgspec.Struct, frozen=True, tag_field="$", tag="object", rename={"cls": "class"}):
    """A builder; its factory by number."""

    cls: int
    place: Place | None
    arguments: dict[str, Value]
    attributes: dict[str, Value]
    factory: int


class Failure(msgspec.Struct, frozen=True):
    """Why there is no configuration."""

    kind: str
    message: str
    frames: list[tuple[str, int | None]]
    errors: list[str] = []


class Extracted(msgspec.Struct, frozen=True):
    """A whole configuration, or why it couldn't be loaded."""

    format: int
    python: str
    buildbot: str = ""
    failure: Failure | None = None
    classes: list[ClassOf] = []
    factories: list[FactoryOf] = []
    builders: list[BuilderOf] = []
    workers: list[Thing] = []
    schedulers: list[Thing] = []
    change_sources: list[Thing] = []
    services: list[Thing] = []
    settings: dict[str, Value] = {}
    """The other attributes of Buildbot's `MasterConfig`, where they aren't the default."""

    def class_of(self, thing: Thing | StepOf | FactoryOf | BuilderOf) -> ClassOf:
        """What something is an instance of."""
        return self.classes[thing.cls]

    def base_among(self, thing: Thing | StepOf, known: Container[str]) -> str | None:
        """The nearest class of a thing that is known, itself or a base."""
        return next((name for name in self.class_of(thing).bases if name in known), None)


def read_extracted(data: bytes) -> Extracted:
    """What the extraction has printed.

    Raises:
        msgspec.DecodeError: It is something else.
    """
    return msgspec.json.decode(data, type=Extracted)
