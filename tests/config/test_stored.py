"""Texts that were stored long ago still read, and nobody changes what is stored without noticing."""

from __future__ import annotations

import gc
import weakref
from typing import Any

import msgspec
import pytest

from buildledger.config.stored import CONFIGURATION, read_configuration
from buildledger.events.stored_format import StoredFormat, UnknownFormatError, UnreadableTextError
from tests.config.texts import loaded
from tests.golden.shapes import breaks, shape_of
from tests.golden.stored.texts import KINDS, Kind, examples

EVERY_FORMAT = [(kind, number) for kind in KINDS for number in range(1, kind.format.newest + 1)]


@pytest.mark.parametrize(("kind", "number"), EVERY_FORMAT, ids=lambda value: getattr(value, "name", value))
def test_every_format_ever_stored_is_read(kind: Kind, number: int) -> None:
    """The golden texts of each format are read as what they meant, with nothing left to a default of today's code."""
    read = [kind.write(kind.format.read(text)) for text in kind.golden(number).read_text().splitlines()]
    assert read == kind.reads_as(number).read_text().splitlines()


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_the_shape_is_that_of_its_format(kind: Kind) -> None:
    """Whoever changes a field, a type or a default of what is stored raises the number of its format."""
    assert not breaks(kind.shape_then(), kind.shape_now()), (
        f"raise {kind.raise_here}, add an upcast to the StoredFormat of a {kind.format.what},"
        " and run `python -m tests.golden.stored.record`"
    )
    assert kind.shape_then() == kind.shape_now(), "nothing old has changed: run `python -m tests.golden.stored.record`"


def test_only_what_no_former_text_can_mean_is_allowed_under_the_same_number() -> None:
    """A further kind in a union is; a field that comes, goes, narrows or gets another default isn't."""
    then = {"Step": {"name": "str", "limit": "int | none = null", "steps": "vartuple[A | B]"}}
    assert not breaks(then, {"Step": then["Step"] | {"steps": "vartuple[A | B | C]"}, "C": {"x": "int"}})
    assert breaks(then, {"Step": then["Step"] | {"steps": "vartuple[A]"}})
    assert breaks(then, {"Step": then["Step"] | {"limit": "int | none = 5"}})
    assert breaks(then, {"Step": then["Step"] | {"name": "int"}})
    assert breaks(then, {"Step": then["Step"] | {"more": 'str = ""'}}) == ['Step.more: absent -> str = ""']
    assert breaks(then, {})


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_what_is_written_is_the_golden_text(kind: Kind) -> None:
    """The same file gives the same text, so a server that is upgraded doesn't apply its configuration anew."""
    assert examples()[kind.name] in kind.golden(kind.format.newest).read_text().splitlines()


def test_the_golden_texts_show_every_shape() -> None:
    """A new kind of step, value or machine has to be used in `everything.yaml`."""
    seen: set[str] = set()
    for kind in KINDS:
        seen |= _structs(kind.format.read(examples()[kind.name]))
    assert set().union(*(shape_of(kind.shape) for kind in KINDS)) <= seen


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_a_text_without_a_number_is_of_the_first_format(kind: Kind) -> None:
    """Machines' settings, and what operations bring back, were stored without a number at first."""
    for numbered in kind.golden(1).read_text().splitlines():
        plain = msgspec.json.decode(numbered)
        assert plain.pop("format") == 1
        assert kind.format.read(msgspec.json.encode(plain)) == kind.format.read(numbered)


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
@pytest.mark.parametrize("number", [99, 0, -1])
def test_a_format_of_another_version_is_named(kind: Kind, number: int) -> None:
    """The error says which format it is and which can be read, whatever else the text holds."""
    text = msgspec.json.encode({**msgspec.json.decode(examples()[kind.name]), "format": number})
    with pytest.raises(UnknownFormatError, match=rf"can't be read \(format {number}\): .* reads .*format") as said:
        kind.format.read(text)
    assert (said.value.what, said.value.number) == (kind.format.what, number)


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"format":"1"}', '{"format":0}', b"\xff"])
def test_something_else_is_no_text_of_any_format(text: str | bytes) -> None:
    """Whatever is wrong with a stored text, it is one kind of error."""
    with pytest.raises(UnreadableTextError):
        read_configuration(text)


class _Newest(msgspec.Struct, kw_only=True):
    format: int = 3
    seconds: float
    name: str = "today's default"


_newest = msgspec.json.Decoder(_Newest)


def _to_seconds(plain: dict[str, Any]) -> dict[str, Any]:
    return {"seconds": plain["minutes"] * 60.0}


def _named(plain: dict[str, Any]) -> dict[str, Any]:
    return {**plain, "name": "nameless"}


def test_an_old_format_is_raised_step_by_step() -> None:
    """Each upcast makes the next format; a format in between enters at its place."""
    formats: StoredFormat[_Newest] = StoredFormat("thing", _newest.decode, 3, (_to_seconds, _named))
    assert formats.read('{"minutes":2}') == _Newest(seconds=120.0, name="nameless")
    assert formats.read('{"format":2,"seconds":5}') == _Newest(seconds=5.0, name="nameless")
    assert formats.read('{"format":3,"seconds":5,"name":"x"}') == _Newest(seconds=5.0, name="x")
    with pytest.raises(UnreadableTextError, match="format 1"):
        formats.read('{"hours":2}')


def test_a_number_needs_its_upcasts() -> None:
    """A number that is raised without saying how former texts are read doesn't even import."""
    with pytest.raises(ValueError, match="format 2 of a thing needs 1 upcasts, there are 0"):
        StoredFormat("thing", _newest.decode, 2, upcasts=())
    assert CONFIGURATION.newest >= 1


def _structs(value: Any) -> set[str]:
    """The names of all structs in a value."""
    if isinstance(value, msgspec.Struct):
        inner = {name for field in value.__struct_fields__ for name in _structs(getattr(value, field))}
        return {type(value).__name__, *inner}
    if isinstance(value, dict):
        return {name for each in value.values() for name in _structs(each)}
    if isinstance(value, list | tuple):
        return {name for each in value for name in _structs(each)}
    return set()


def test_a_builder_that_stands_in_two_texts_is_one_object() -> None:
    """Another configuration of which one builder changed takes the room of one builder, not of all."""
    first = loaded(_BUILDERS.format(command="make"))
    second = loaded(_BUILDERS.format(command="ninja"))
    one, other = (read_configuration(each.to_json()) for each in (first, second))
    assert one.builders["docs"] is other.builders["docs"]
    assert one.builders["tests"] != other.builders["tests"]
    assert (one.digest, other.digest) == (first.digest, second.digest)


def test_what_nobody_has_any_more_is_let_go() -> None:
    """That a builder was read once keeps no memory."""
    read = read_configuration(loaded(_BUILDERS.format(command="bazel")).to_json())
    builder = weakref.ref(read.builders["tests"])
    assert builder() is not None
    del read
    gc.collect()
    assert builder() is None


_BUILDERS = """\
version: 1
builders:
  docs: {{steps: [{{run: [make, docs]}}]}}
  tests: {{steps: [{{run: [{command}]}}]}}
triggers: [{{on: manual, build: [docs, tests]}}]
"""
