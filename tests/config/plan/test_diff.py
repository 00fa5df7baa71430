"""What differs between two configurations: all that one stores otherwise, and nothing of how a file is written."""

from __future__ import annotations

import io
import json
import random
from collections.abc import Iterator
from copy import deepcopy
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from ruamel.yaml import YAML
from ruamel.yaml.scalarstring import DoubleQuotedScalarString, SingleQuotedScalarString

from buildledger.config.plan.diff import SECTIONS, Diff, Entry, ExitCode, FieldChange, diff
from buildledger.config.plan.plan import STORED_LINES, lines, plan_text, stored_lines
from buildledger.config.resolved import Configuration
from buildledger.config.stored import read_configuration
from buildledger.events.stored_format import UnreadableTextError
from tests.config.texts import BASE, EXAMPLES, REPOSITORY, loaded

ACME = (EXAMPLES / "acme.yaml").read_text()
FILES = (EXAMPLES / "acme.yaml", REPOSITORY / "tests" / "golden" / "stored" / "everything.yaml")


def told(old: str, new: str) -> list[str]:
    """What the steps of a builder becoming others is told as."""
    before, after = (loaded(f"{BASE}builders: {{b: {{steps: {steps}}}}}\n") for steps in (old, new))
    return [line.strip() for line in plan_text(diff(before, after)).splitlines()[1:-1]]


def test_no_difference() -> None:
    """A configuration doesn't differ from itself."""
    found = diff(loaded(ACME), loaded(ACME))
    assert (found.entries, found.exit_code, plan_text(found)) == ((), ExitCode.NOTHING, "no changes")


def test_what_two_configurations_share_is_not_compared() -> None:
    """Of ten thousand builders of which one changed, only that one is written out and read."""
    old = loaded(ACME)
    name = next(iter(old.builders))
    unwritable: Any = object()
    shared = {each: msgspec.structs.replace(builder, description=unwritable) for each, builder in old.builders.items()}
    changed = {**shared, name: msgspec.structs.replace(old.builders[name], description="other")}
    before = msgspec.structs.replace(old, builders={**shared, name: old.builders[name]})
    found = diff(before, msgspec.structs.replace(old, builders=changed))
    assert [(entry.name, [field.path for field in entry.fields]) for entry in found.entries] == [
        (name, ["description"])
    ]


def test_differences_by_kind_and_name() -> None:
    """What is created, changed and removed is told by name, what changed by field."""
    text = ACME.replace("capacity: 4", "capacity: 8").replace("  release:", "  publish:")
    text = text.replace("build: [release]", "build: [publish]").replace("settle: 90s", "settle: 2m")
    found = diff(loaded(ACME), loaded(text))
    assert [(entry.action, entry.kind, entry.name) for entry in found.entries] == [
        ("changed", "worker", "linux"),
        ("created", "builder", "publish"),
        ("removed", "builder", "release"),
        ("changed", "trigger", "change-widget"),
        ("created", "trigger", "manual-publish"),
        ("removed", "trigger", "manual-release"),
    ]
    assert found.entries[0].fields == (
        FieldChange(path="capacity", old="4", new="8", old_at=("capacity",), new_at=("capacity",)),
    )
    assert found.exit_code == ExitCode.CHANGES
    assert next(lines(found)) == "changed worker linux: capacity"
    assert plan_text(found).splitlines()[:2] == ["~ worker linux", "    capacity: 4 → 8"]


def test_the_first_configuration_is_all_new() -> None:
    """Against nothing, everything is created, and of the server's settings those are told that the file has."""
    found = diff(None, loaded(ACME))
    changed = [line for line in lines(found) if not line.startswith("created ")]
    assert changed == ["changed secrets: path, provider", "changed server: title, url"]
    small = "version: 1\nbuilders: {b: {steps: [{run: [make]}]}}\n"
    assert list(lines(diff(None, loaded(small)))) == ["created builder b"]
    assert not diff(None, loaded("version: 1\n"))


def test_a_step_is_known_by_its_name() -> None:
    """A step that comes, goes or moves is told as that, and no step after it as changed."""
    a, b, c = "{name: a, run: [make, a]}", "{name: b, run: [make, b]}", "{name: c, run: [make, c]}"
    (came,) = told(f"[{a}, {c}]", f"[{a}, {b}, {c}]")
    assert came.startswith('steps["b"]: added {"always_run":false,')
    (went,) = told(f"[{a}, {b}, {c}]", f"[{a}, {c}]")
    assert went.startswith('steps["b"]: removed {')
    assert told(f"[{a}, {b}, {c}]", f"[{c}, {a}, {b}]") == ['steps["c"]: moved from place 3 to 1']
    assert told(f"[{a}, {b}]", f"[{b}, {a}]") == ['steps["b"]: moved from place 2 to 1']
    both = told(f"[{a}, {b}, {c}]", f"[{c.replace('make', 'ninja')}, {a}, {b}]")
    assert both == ['steps["c"]: moved from place 3 to 1', 'steps["c"].argv[0]: "make" → "ninja"']


def test_a_step_without_a_name_is_known_by_its_place() -> None:
    """A step whose name is made of its command is the same step when an argument of it changes."""
    assert told("[{run: [make, a]}, {script: x}]", "[{run: [make, b]}, {script: x}]") == [
        'steps["make b"].argv[1]: "a" → "b"',
        'steps["make b"].name: "make a" → "make b"',
    ]
    replaced = told("[{run: [make, a]}]", "[{script: make a b}]")
    assert [line.split(" {")[0] for line in replaced] == ['steps["make a"]: removed', 'steps["make a b"]: added']


def test_arguments_that_come_go_and_move() -> None:
    """An argument more is one argument more, wherever it stands."""
    one = "[{name: s, run: [tool, a, b, c, d]}]"
    assert told(one, "[{name: s, run: [tool, -v, a, b, c, d]}]") == ['steps["s"].argv[1]: added "-v"']
    assert told(one, "[{name: s, run: [tool, a, c, d]}]") == ['steps["s"].argv[2]: removed "b"']
    assert told(one, "[{name: s, run: [tool, d, a, b, c]}]") == ['steps["s"].argv[1]: moved from place 5 to 2']
    assert told(one, "[{name: s, run: [tool, a, x, c, d]}]") == ['steps["s"].argv[2]: "b" → "x"']
    many = "[{name: s, run: [tool, e, f, g, h, a, b, c, d]}]"
    assert told(one, many) == ['steps["s"].argv: 4 added: "e", "f", "g" and 1 more']


MATRIX = f"""\
{BASE}
builders:
  tests:
    matrix: {{axes: {{python: ["3.12", "3.13"], os: [linux, windows]}}}}
    steps: [{{name: t, run: [test, {{matrix: python}}], timeout: 20m}}]
triggers: [{{on: change, source: widget, build: [tests]}}]
"""


def test_cells_that_change_alike_are_told_together() -> None:
    """Of a matrix all cells are one line, some are counted and named, and values that differ are said to."""
    old = loaded(MATRIX)
    every = diff(old, loaded(MATRIX.replace("20m", "30m")))
    assert list(lines(every)) == ['changed builder tests: all 4 cells: steps["t"].timeout.total_seconds']
    assert plan_text(every).splitlines() == [
        "~ builder tests: all 4 cells",
        '    steps["t"].timeout.total_seconds: 1200.0 → 1800.0',
        "4 changed",
    ]
    varying = diff(old, loaded(MATRIX.replace("[test, {matrix: python}]", "[test, all, x]")))
    assert plan_text(varying).splitlines()[1:-1] == [
        '    steps["t"].argv[1]: removed "3.12" (in the first of these cells)',
        '    steps["t"].argv[1]: added "all"',
        '    steps["t"].argv[2]: added "x"',
    ]
    more = list(lines(diff(old, loaded(MATRIX.replace('"3.13"]', '"3.13", "3.14"]')))))
    assert more == [
        "created builder tests: 2 of 6 cells (tests[3.14,linux], tests[3.14,windows])",
        "changed trigger change-widget: build[4] added, build[5] added",
    ]


def test_ten_thousand_cells_make_a_plan_of_some_lines() -> None:
    """A plan stays readable however many cells change, and so does that of the trigger that builds them."""
    small = loaded(MATRIX)
    cell = small.builders["tests[3.12,linux]"]
    names = [(f"m{row}", f"m{row}[{number}]") for row in range(10) for number in range(1024)]
    cells = {name: msgspec.structs.replace(cell, name=name, base=base) for base, name in names}
    old = msgspec.structs.replace(small, builders=cells, triggers={})
    trigger = msgspec.structs.replace(small.triggers["change-widget"], build=tuple(cells))
    higher = {name: msgspec.structs.replace(each, priority=3) for name, each in cells.items()}
    new = msgspec.structs.replace(old, builders=higher, triggers={trigger.name: trigger})
    found = diff(old, new)
    assert len(found.entries) == 10 * 1024 + 1
    assert next(lines(found)) == "changed builder m0: all 1,024 cells: priority"
    assert len(plan_text(found).splitlines()) == 10 * 2 + 1 + 1
    turned = msgspec.structs.replace(trigger, build=trigger.build[::-1])
    (line,) = lines(diff(new, msgspec.structs.replace(new, triggers={turned.name: turned})))
    assert line == "changed trigger change-widget: build: 10,239 moved"


def test_a_plan_of_ten_thousand_lines_is_stored_in_part() -> None:
    """What is kept with the fact has an end, which says how many lines more there are."""
    entries = tuple(Entry(action="created", kind="builder", name=f"b{n:05}") for n in range(10_000))
    kept = stored_lines(Diff(entries=entries))
    assert (len(kept), kept[0], kept[-1]) == (STORED_LINES, "created builder b00000", "and 9,801 more lines")
    assert len(stored_lines(Diff(entries=entries[:STORED_LINES]))) == STORED_LINES


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("locks: {x: {}}\nbuilders: {b: {locks: [x], steps: [{run: [a]}]}}",
         "locks: {x: {count: 1}}\nbuilders: {b: {locks: [{lock: x, take: 1}], steps: [{run: [a]}]}}"),
        ("templates: {t: {inputs: {p: {}}, steps: [{run: [a, {input: p}]}]}}\nbuilders: {b: {use: t, with: {p: x}}}",
         "builders: {b: {steps: [{run: [a, x]}]}}"),
        ("builders: {b: {steps: [{run: [a], timeout: 20m}]}}",
         "builders: {b: {steps: [{run: [a], timeout: {total: 1200s, no_output: 20m}}]}}"),
        ("builders: {b: &b {steps: [{run: [a]}]}, c: *b}",
         "builders: {c: {steps: [{run: [a]}]}, b: {steps: [{run: [a]}]}}"),
        ("builders: {b: {steps: [{run: [sleep, 5]}]}}", 'builders:\n  b: {"steps": [{run: ["sleep", \'5\']}]}  # five'),
    ],
    ids=["lock", "template", "timeout", "anchor", "quotes"],
)  # fmt: skip
def test_two_ways_to_write_the_same_are_no_difference(one: str, other: str) -> None:
    """Short forms, templates, anchors, quotes and units say the same as what they stand for."""
    assert not diff(loaded(f"{BASE}{one}\n"), loaded(f"{BASE}{other}\n"))


@settings(max_examples=8)
@given(st.sampled_from(FILES), st.randoms(use_true_random=False))
def test_how_a_file_is_written_is_no_difference(file: Path, chance: random.Random) -> None:
    """The order of keys, flow or block style, quotes and comments change nothing: all of a file written anew."""
    yaml = YAML()
    yaml.width = chance.choice([40, 4096])
    rewritten = _rewritten(YAML(typ="safe").load(file.read_text()), chance)
    yaml.default_flow_style = chance.choice([None, False])
    stream = io.StringIO()
    yaml.dump(rewritten, stream)
    text = "\n".join(
        f"{line}\n# {chance.random()}" if line.endswith(":") else line for line in stream.getvalue().split("\n")
    )
    assert not diff(loaded(file.read_text()), loaded(text))


SAYS_SOMETHING = {"axes", "inputs"}
"""Mappings whose order counts: that of the values in the cells' names, and that in which people are asked."""


def _rewritten(value: Any, chance: random.Random, key: str = "") -> Any:
    """The same data, its mappings in another order where that says nothing, its texts in other quotes."""
    match value:
        case dict():
            keys = list(value)
            if key not in SAYS_SOMETHING:
                chance.shuffle(keys)
            return {each: _rewritten(value[each], chance, each) for each in keys}
        case list():
            return [_rewritten(each, chance) for each in value]
        case str() if "\n" not in value:
            return chance.choice([DoubleQuotedScalarString, SingleQuotedScalarString, str])(value)
        case _:
            return value


def _stored(file: Path) -> dict[str, Any]:
    plain: dict[str, Any] = json.loads(loaded(file.read_text()).to_json())
    return plain


def _read(plain: dict[str, Any]) -> Configuration | None:
    try:
        return read_configuration(json.dumps(plain))
    except UnreadableTextError:
        return None


def _places(value: Any, at: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Where there are values in JSON, the inner ones too."""
    yield at
    for key, inner in value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ():
        yield from _places(inner, (*at, key))


def _at(value: Any, place: tuple[Any, ...]) -> Any:
    for key in place:
        value = value[key]
    return value


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_each_value_that_is_stored_appears_when_it_alone_changes(file: Path) -> None:
    """There is no field, whatever its depth, whose change isn't told, at its place and as the only one."""
    plain = _stored(file)
    before = _read(plain)
    found = 0
    for place in _places(plain):
        value = _at(plain, place)
        if isinstance(value, dict | list) or place == ("format",):
            continue
        for other in (f"{value}x", 7919, not value, None, 7919.5):
            if type(other) is not type(value) and not (value is None or other is None):
                continue
            changed = deepcopy(plain)
            _at(changed, place[:-1])[place[-1]] = other
            after = _read(changed)
            if after is None or other == value:
                continue
            (entry,) = diff(before, after).entries
            where = place[1:] if place[0] in ("server", "secrets") else place[2:]
            assert any(field.new_at == where[: len(field.new_at or ())] and field.new_at for field in entry.fields), (
                place,
                entry,
            )
            found += 1
            break
    assert found > 100


@settings(max_examples=30)
@given(st.sampled_from(FILES), st.randoms(use_true_random=False))
def test_the_difference_makes_the_new_of_the_old(file: Path, chance: random.Random) -> None:
    """Lists shuffled, shortened, lengthened, values changed: what is told is enough to make one from the other."""
    plain = _stored(file)
    changed = deepcopy(plain)
    lists = [place for place in _places(plain) if isinstance(_at(plain, place), list) and _at(plain, place)]
    for place in sorted(chance.sample(lists, 3), key=len, reverse=True):  # inner lists before those around them
        _mangle(_at(changed, place), chance)
    before, after = _read(plain), _read(changed)
    assert before is not None
    if after is None:
        return
    found = diff(before, after)
    assert bool(found) == (before.digest != after.digest)
    for entry in found.entries:
        assert entry.action == "changed"
        section = {kind: section for section, kind in SECTIONS.items()}.get(entry.kind, entry.kind)
        old, new = json.loads(before.to_json())[section], json.loads(after.to_json())[section]
        if section in SECTIONS:
            old, new = old[entry.name], new[entry.name]
        assert _patched(old, entry.fields) == new


def _mangle(elements: list[Any], chance: random.Random) -> None:
    for _ in range(chance.randint(1, 3)):
        if not elements:
            return
        match chance.choice(["shuffle", "remove", "repeat", "change"]):
            case "shuffle":
                chance.shuffle(elements)
            case "remove":
                del elements[chance.randrange(len(elements))]
            case "repeat":
                elements.insert(chance.randrange(len(elements) + 1), deepcopy(chance.choice(elements)))
            case "change":
                index = chance.randrange(len(elements))
                if isinstance(elements[index], str):
                    elements[index] += "x"


def _patched(old: Any, fields: tuple[FieldChange, ...]) -> Any:
    """What comes of a value when what is told of it is done: first all that goes or moves away, then what comes."""
    new = deepcopy(old)
    kept: dict[tuple[Any, ...], Any] = {}
    for field in sorted(fields, key=lambda each: [str(part).zfill(9) for part in each.old_at or ()], reverse=True):
        if field.action in ("removed", "moved"):
            assert field.old_at is not None
            kept[field.old_at] = _at(new, field.old_at[:-1]).pop(field.old_at[-1])
    for field in sorted(fields, key=lambda each: [str(part).zfill(9) for part in each.new_at or ()]):
        if field.new_at is None:
            continue
        holder = _at(new, field.new_at[:-1])
        if field.action == "changed":
            holder[field.new_at[-1]] = json.loads(field.new or "")
            continue
        value = kept[field.old_at or ()] if field.action == "moved" else json.loads(field.new or "")
        if isinstance(holder, list):
            holder.insert(int(field.new_at[-1]), value)
        else:
            holder[field.new_at[-1]] = value
    return new


def test_cells_that_change_otherwise_are_told_apart() -> None:
    """Cells in which other fields change are lines of their own."""
    steps = "steps: [{name: t, run: [test, {matrix: python}], timeout: 20m}]"
    old = loaded(MATRIX.replace(steps, steps + "\n    priority: 1"))
    changed = {
        name: msgspec.structs.replace(each, priority=2)
        if each.matrix["os"] == "linux"
        else msgspec.structs.replace(each, project="p")
        for name, each in old.builders.items()
    }
    assert list(lines(diff(old, msgspec.structs.replace(old, builders=changed)))) == [
        "changed builder tests: 2 of 4 cells (tests[3.12,linux], tests[3.13,linux]): priority",
        "changed builder tests: 2 of 4 cells (tests[3.12,windows], tests[3.13,windows]): project",
    ]


def test_the_order_in_which_people_are_asked_is_a_difference() -> None:
    """Inputs that stand in another order in the file do so in the form."""
    builder = "builders: {b: {inputs: {%s}, steps: [{run: [a, {input: x}, {input: y}]}]}}\n"
    old, new = (loaded(BASE + builder % inputs) for inputs in ("x: {}, y: {}", "y: {}, x: {}"))
    assert list(lines(diff(old, new))) == ["changed builder b: input_names[0] moved"]
