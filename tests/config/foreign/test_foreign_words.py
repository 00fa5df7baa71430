"""Words of other systems: what is said of them is something that can be written."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from buildledger.config.fields.strict import Strict
from buildledger.config.foreign.tables import ANY_WORD, WORDS
from buildledger.config.problems.problem import ConfigErrors
from buildledger.config.reading.yaml_reader import read
from buildledger.config.steps.kinds import NAMES
from buildledger.testing.configuration import load_text

REFERENCES = {"unknown-source", "unknown-builder", "unknown-template", "unknown-lock", "missing-key", "steps"}
"""What is wrong with the placeholders in an answer, and with a file that has nothing but the answer in it."""
VALUES: list[Any] = [None, True, False, 5, "main", "ubuntu-latest", "src/**", ["main", "release/*"], {"a": ["x", "y"]}]
"""What people may have written with the word."""
WORD_COUNT_MIN = 250


@pytest.mark.parametrize("place", WORDS)
def test_what_an_answer_tells_to_write_is_taken(place: str) -> None:
    """Each snippet, made of each value, stands in the format at the place that it is for."""
    written: dict[str, str] = {}
    for word, meaning in WORDS[place].items():
        for value in VALUES:
            sentence = meaning.sentence({word: value} if word == ANY_WORD else value, "tests")
            if meaning.write and sentence not in (None, meaning.otherwise) and meaning.where != "shell":
                assert sentence is not None
                snippet = sentence.removeprefix(meaning.says).strip()[1:-1].replace("[…]", "[{run: [x]}]")
                written[snippet] = meaning.where or place
    assert [snippet for snippet, where in written.items() if not _is_taken(where, snippet)] == []


def test_there_are_many_words() -> None:
    """Those of nine systems."""
    assert sum(len(table) for table in WORDS.values()) >= WORD_COUNT_MIN


def test_no_word_is_a_key_of_ours() -> None:
    """A word that is part of the format at its place would never be asked for."""
    both = {
        (model.__name__, word)
        for model in _models(Strict)
        if model.place
        for word in WORDS[model.place].keys() & model.keys()
    }
    assert both == {
        ("CronTrigger", "branch"),
        ("SuccessTrigger", "if"),
        ("GenerateModel", "wait"),
    }  # words for the other triggers


def _models(model: type[Strict]) -> Iterator[type[Strict]]:
    for each in model.__subclasses__():
        yield each
        yield from _models(each)


def _is_taken(place: str, snippet: str) -> bool:
    document = read(snippet, "snippet")
    if document.problems or not isinstance(document.data, dict):
        return False
    return any(_loads(file) for file in _files(place, document.data))


def _files(place: str, data: dict[str, Any]) -> list[dict[str, Any]]:
    """Files in which a snippet stands at its place, beside whatever it may need."""
    steps = [{"run": ["x"]}]
    match place:
        case "file":
            return [data]
        case "builders":
            return [{"builders": data}]
        case "builder":
            return [{"builders": {"b": ({} if {"use", "steps"} & data.keys() else {"steps": steps}) | data}}]
        case "matrix" | "retry":
            around: dict[str, Any] = {"axes": {"a": [1]}} if place == "matrix" else {}
            return [{"builders": {"b": {"steps": steps, place: around | data}}}]
        case "input":
            return [
                {"builders": {"b": {"steps": steps, "inputs": {"i": {"type": kind} | data}}}}
                for kind in ("string", "integer", "boolean", "list")
            ]
        case "step":
            others: list[dict[str, Any]] = [{}] if set(NAMES) & data.keys() else [{"run": ["x"]}, {"checkout": "s"}]
            return [{"builders": {"b": {"steps": [other | data]}}} for other in others]
        case "trigger":
            kinds = [
                {"on": "change", "source": "s"},
                {"on": "cron", "at": "0 3 * * *"},
                {"on": "manual"},
                {"on": "success", "of": "b"},
            ]
            return [
                {"triggers": [{"build": ["b"]} | kind | data]}
                for kind in ([{}] if "on" in data and len(data) > 1 else kinds)
            ]
        case "trigger kind":
            return [{"triggers": [data]}]
        case "worker" | "source" | "lock":
            return [{f"{place}s": {"x": ({"git": "https://git.example/x"} if place == "source" else {}) | data}}]
        case _:
            return [{place: data}]


def _loads(file: dict[str, Any]) -> bool:
    try:
        load_text(json.dumps({"version": 1} | file), secrets_required=False)
    except ConfigErrors as errors:
        return all(problem.code in REFERENCES or problem.severity == "warning" for problem in errors.problems)
    return True
