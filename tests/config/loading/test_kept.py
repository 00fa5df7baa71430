"""A load that takes over what the last one made gives exactly what a load of the whole file gives."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from buildledger.config.load import Loaded, Loader
from buildledger.config.reading.files import Given

HEAD = """\
version: 1
secrets: {provider: file, path: secrets}
sources:
  shop: {git: "https://git.example/shop.git"}
workers:
  here: {labels: {os: linux}}
locks:
  lock: {count: 2}
templates:
  short:
    inputs: {what: {default: all}}
    steps:
      - run: [make, {input: what}]
"""
BUILDERS = {
    "plain": "steps: [{checkout: shop}, {run: [make]}]",
    "warned": "steps: [{run: [echo, $HOME]}]",
    "foreign": 'description: "${{ x }}"\n    steps: [{run: [make]}]',
    "idle": "worker: worker.labels.os == 'bsd'\n    steps: [{run: [make]}]",
    "templated": "use: short\n    with: {what: some}",
    "cells": "matrix: {axes: {os: [linux, bsd]}}\n    steps: [{run: [make, {matrix: os}]}]",
    "locking": "locks: [{lock: lock, take: all}]\n    steps: [{run: [make]}]",
    "secretive": "steps: [{run: [make], env: {TOKEN: {secret: token}}}]",
    "fetching": "steps: [{download: dist, from: {builder: plain}}]",
    "asking": "inputs: {level: {type: integer, default: 1}}\n    steps: [{run: [make, {input: level}]}]",
}
TRIGGERS = """\
triggers:
  - {on: change, source: shop, build: [BUILT]}
  - {on: manual, build: [BUILT], inputs: {reason: {default: none}}}
"""
EDITS = [
    *[("drop", name) for name in BUILDERS],
    *[("touch", name) for name in BUILDERS],
    *[("double", name) for name in ("plain", "warned", "cells")],
    *[
        ("head", (old, new))
        for old, new in [("count: 2", "count: 5"), ("os: linux", "os: bsd"), ("[make, {", "[mk, {")]
    ],
    *[("head", (old, new)) for old, new in [("default: all", "default: '1'"), ("version: 1", "version: 1 # one")]],
    *[("build", name) for name in BUILDERS],
    ("break", "a: [b"),
    ("break", "stray: 1"),
    ("secret", "another-value"),
    ("secret", ""),
]


class Written:
    """A file that is edited, and the secret it names."""

    def __init__(self, directory: Path) -> None:
        self.directory = directory
        self.head, self.builders, self.built, self.broken = HEAD, dict(BUILDERS), ["plain"], ""
        self.secret("a-first-value")

    def secret(self, value: str) -> None:
        """Let the secret have this value; empty: let it be away."""
        (self.directory / "secrets").mkdir(exist_ok=True)
        file = self.directory / "secrets" / "token"
        file.write_text(value) if value else file.unlink(missing_ok=True)

    def edit(self, kind: str, what: object) -> None:
        """One edit."""
        name = str(what)
        if kind == "drop":
            self.builders.pop(name, None)
        elif kind == "touch":
            self.builders[name] = self.builders.get(name, BUILDERS[name]) + "\n    priority: 7"
            self.builders[name] = self.builders[name].replace("\n    priority: 7\n    priority: 7", "")
        elif kind == "double":
            self.builders = {f"{name}-too": BUILDERS[name], **self.builders}
        elif kind == "head":
            assert isinstance(what, tuple)
            self.head = self.head.replace(*what)
        elif kind == "build":
            self.built = [name]
        elif kind == "secret":
            self.secret(name)
        else:
            self.broken = "" if self.broken else f"{name}\n"

    @property
    def given(self) -> Given:
        """The file."""
        builders = "".join(f"  {name}:\n    {body}\n" for name, body in self.builders.items())
        text = f"{self.head}builders:\n{builders}{TRIGGERS.replace('BUILT', self.built[0])}{self.broken}"
        return Given(directory=self.directory, texts={"ci.yaml": text})


def spoken(loaded: Loaded) -> tuple[str, list[str]]:
    """All that a load says."""
    return loaded.configuration.to_json() if loaded.configuration else "", list(map(str, loaded.problems))


@settings(max_examples=40, deadline=None)
@given(st.lists(st.lists(st.sampled_from(EDITS), min_size=1, max_size=3), min_size=1, max_size=4))
def test_a_load_after_edits_says_what_a_whole_load_says(
    tmp_path_factory: pytest.TempPathFactory, rounds: list[list[tuple[str, object]]]
) -> None:
    """Whatever was edited: the configuration and all that is said of it, warnings and their order too."""
    written = Written(tmp_path_factory.getbasetemp())
    loader = Loader()
    loader.resolve(written.given)
    for edits in rounds:
        for edit in edits:
            written.edit(*edit)
        again = loader.resolve(written.given)
        assert spoken(again) == spoken(Loader().resolve(written.given))


def test_builders_that_have_not_changed_are_taken_over(tmp_path: Path) -> None:
    """After an edit of one builder the others are the very objects that they were, but those with a warning."""
    written = Written(tmp_path)
    loader = Loader()
    before = loader.resolve(written.given).sound
    written.edit("touch", "plain")
    after = loader.resolve(written.given).sound
    anew = {name for name, builder in after.builders.items() if builder is not before.builders[name]}
    assert anew == {"plain", "warned"}


@pytest.mark.parametrize("where", ["builder", "trigger"])
def test_inputs_in_another_order_are_a_change(tmp_path: Path, where: str) -> None:
    """Of a builder's own inputs, and of those that its manual trigger asks for."""
    texts = {"builder": "version: 1\nbuilders:\n  b: {inputs: {%s}, steps: [{run: [make]}]}\n"}
    texts["trigger"] = "version: 1\nbuilders:\n  b: {steps: [{run: [make]}]}\ntriggers:\n"
    texts["trigger"] += "  - {on: manual, build: b, inputs: {%s}}\n"
    loader = Loader()
    for inputs in ("x: {default: a}, y: {default: a}", "y: {default: a}, x: {default: a}"):
        given = Given(directory=tmp_path, texts={"ci.yaml": texts[where] % inputs})
        assert loader.resolve(given).sound.builders["b"].input_names == (inputs[0], "x" if inputs[0] == "y" else "y")
