"""The manual says what the format says."""

from __future__ import annotations

import re
from typing import Any

import pytest

from buildledger.config.fields.strict import Strict
from buildledger.config.load import resolve_text
from buildledger.config.models.file_models import File
from buildledger.config.models.reference import reference
from buildledger.config.models.schema import schema
from buildledger.config.problems import codes
from buildledger.config.steps.checkout import CheckoutModel
from buildledger.config.steps.step import StepModel
from tests.config.texts import REPOSITORY

MANUAL = (REPOSITORY / "docs" / "configuration.md").read_text()
SOURCE = "\n".join(file.read_text() for file in sorted((REPOSITORY / "buildledger" / "config").rglob("*.py")))
UNBUILT = MANUAL.partition("## What isn't built yet")[2].partition("\n## ")[0]
NAME = re.compile(r"`(\w+)`")
ROWS = dict(re.findall(r"^\| ([a-z ]+) \| (.*`.*) \|$", UNBUILT, re.MULTILINE))
NOT_BUILT = {
    "the file": ("NAME: {}", ""),
    "the server": ("server: {NAME: {}}", ""),
    "sources": ("sources: {a: {NAME: x}}", "sources: {a: {git: /srv/a, NAME: x}}"),
    "triggers": ("triggers: [{on: NAME}]", ""),
    "builders": ("builders: {a: {NAME: x, steps: [{run: [x]}]}}", ""),
    "steps": ("builders: {a: {steps: [{NAME: x}]}}", "builders: {a: {steps: [{upload: x, NAME: x}]}}"),
    "checkouts": ("builders: {a: {steps: [{checkout: a, NAME: x}]}}", ""),
}
"""Where what the table of what isn't built names would stand: kinds and keys of a thing, then what it calls keys."""
EXPLAINED = {
    "sources": ["sources: {a: {repo: x}}"],
    "builders": ["builders: {a: {artifacts: x, steps: [{run: [x]}]}}"],
    "steps": ["builders: {a: {steps: [{trigger: x}]}}"],
}
"""Words that people bring along from other systems: what is meant by them there is told instead."""


def test_every_code_has_its_row() -> None:
    """The table of codes is the catalogue, in its order."""
    assert re.findall(r"^\| `([a-z-]+)` \| (.*) \|$", MANUAL.partition("## Problems")[2], re.MULTILINE) == list(
        codes.CODES.items()
    )


def test_every_code_is_used() -> None:
    """No code stands in the catalogue for nothing."""
    made = {f"unknown-{kind}" for kind in ("input", "axis", "property")}
    assert {code for code in codes.CODES if SOURCE.count(f'"{code}"') < 2} - made == set()


def test_every_key_is_explained() -> None:
    """Each key of each model stands in the manual as code."""
    keys = {key for model in schema()["$defs"].values() for key in model.get("properties", {})}
    prose = re.sub(r"^```.*?^```", "", MANUAL, flags=re.MULTILINE | re.DOTALL)
    explained = " ".join(re.findall(r"`([^`]+)`", prose))
    assert {key for key in keys if not re.search(rf"\b{key}\b", explained)} == set()


def test_every_part_that_is_not_built_is_named() -> None:
    """What is refused by name stands in the manual's list of it."""
    models: list[Any] = [File, *Strict.__subclasses__(), StepModel, CheckoutModel]
    names = {name for model in models for name in model.unbuilt}
    assert {name for name in names if f"`{name}`" not in UNBUILT} == set()


def _codes(text: str) -> set[str]:
    _, problems = resolve_text(f"version: 1\n{text}\n", file="ci.yaml", directory=REPOSITORY)
    return {problem.code for problem in problems}


@pytest.mark.parametrize("owner", ROWS)
def test_what_is_listed_as_not_built_is_refused_as_such(owner: str) -> None:
    """The manual calls nothing unbuilt that is there, or that the format doesn't know."""
    kinds, _, keys = ROWS[owner].partition("the keys")
    kind, key = NOT_BUILT[owner]
    texts = [text.replace("NAME", name) for part, text in ((kinds, kind), (keys, key)) for name in NAME.findall(part)]
    unlike = [text for text in texts if "not-built" not in _codes(text)]
    assert unlike == EXPLAINED.get(owner, [])
    assert len(texts) == len(NAME.findall(ROWS[owner])) > 0


def test_the_page_of_all_keys_is_made_of_the_schema() -> None:
    """`buildledger config schema --markdown > docs/configuration-keys.md` changes nothing; its links lead somewhere."""
    page = reference()
    assert (REPOSITORY / "docs" / "configuration-keys.md").read_text() == page
    anchors = {re.sub(r"[^a-z0-9 _-]", "", line[3:].lower()).replace(" ", "-") for line in page.splitlines()}
    assert set(re.findall(r"\(#([^)]*)\)", page)) <= anchors
