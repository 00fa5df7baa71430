"""Stored names stand for ever."""

from __future__ import annotations

import importlib
import pkgutil
import re
from collections import defaultdict

import msgspec

from buildledger import events
from buildledger.events.catalogue import BY_NAME, FACTS, stored_names
from buildledger.events.fact import Fact
from buildledger.events.worker import PausedBy, WorkerLost, WorkerPaused, WorkerPausedV1
from tests.golden import facts as golden_facts
from tests.golden.shapes import breaks

NAME = re.compile(r"(?P<noun>[a-z]+)\.(?P<verb>[a-z]+(?:_[a-z]+)*)\.v(?P<version>[1-9][0-9]*)")


def parsed(fact: type[Fact]) -> tuple[str, int]:
    match = NAME.fullmatch(fact.NAME)
    assert match is not None, f"{fact.__name__} is stored as {fact.NAME!r}: it must look like noun.past_tense.v1"
    return f"{match['noun']}.{match['verb']}", int(match["version"])


def all_facts() -> set[type[Fact]]:
    for module in pkgutil.iter_modules(events.__path__):
        importlib.import_module(f"{events.__name__}.{module.name}")
    return set(Fact.__subclasses__())


def test_names_are_unique_and_versioned() -> None:
    """One class a name, one name a class."""
    assert len(BY_NAME) == len(FACTS) == len(set(FACTS))
    for fact in FACTS:
        parsed(fact)


def test_every_fact_class_is_in_the_catalogue() -> None:
    """What isn't there could be stored and never read again."""
    assert all_facts() == set(FACTS)


def test_versions_are_complete_and_lead_to_the_newest() -> None:
    """Versions count from 1 without gaps; each but the last becomes the next, and the last stays itself."""
    versions: dict[str, dict[int, type[Fact]]] = defaultdict(dict)
    for fact in FACTS:
        what, version = parsed(fact)
        versions[what][version] = fact
    for what, known in versions.items():
        assert sorted(known) == list(range(1, len(known) + 1)), what
        for version, fact in known.items():
            overridden = "upcast" in vars(fact)
            assert overridden == (version < len(known)), f"{fact.NAME}: only older versions are upcast"


def test_facts_are_frozen_and_named_by_keyword() -> None:
    """A fact can't be changed, and a field added later can't shift the others."""
    for fact in FACTS:
        assert fact.__struct_config__.frozen, fact
        assert fact.__match_args__ == (), fact
        assert fact.__doc__, fact
        assert all(field.encode_name == field.name for field in msgspec.structs.fields(fact)), fact


def test_earlier_versions_are_found_by_the_newest() -> None:
    """Whoever asks the store for facts by name gets those stored under earlier versions of it, too."""
    assert stored_names(WorkerPaused, WorkerLost) == ("worker.lost.v1", "worker.paused.v1", "worker.paused.v2")


def test_an_old_pause_says_who_wanted_it() -> None:
    """It was in the beginning of the reason once; the reason itself stays what it was."""
    drained = WorkerPausedV1(reason="the worker asked to drain: terminated").upcast()
    assert drained == WorkerPaused(by=PausedBy.WORKER, reason="the worker asked to drain: terminated")
    assert WorkerPausedV1(reason="upgrade").upcast() == WorkerPaused(by=PausedBy.PERSON, reason="upgrade")
    assert WorkerPausedV1().upcast() == WorkerPaused(by=PausedBy.PERSON)


def test_no_stored_field_or_default_changes() -> None:
    """Defaults are left out when a fact is stored, so another default would change what old facts say."""
    assert not breaks(golden_facts.recorded(), golden_facts.today(), optional_may_come=True), (
        "a stored fact has changed: keep it, make a new version of it (a class in buildledger/events/, with an upcast)"
        " and list it in FACTS of buildledger/events/catalogue.py"
    )
    assert golden_facts.recorded() == golden_facts.today(), "run `python -m tests.golden.facts` to add what is new"
