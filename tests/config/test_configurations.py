"""Who holds the configurations that were applied, and what happens when one can't be read any more."""

from __future__ import annotations

from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from uuid import uuid4

import pytest

from buildledger.config.configurations import AppliedConfigurations, Configurations, UnreadableConfigurationError
from buildledger.config.resolved import Configuration
from buildledger.config.stored import read_configuration
from buildledger.events.config import ConfigApplied
from buildledger.events.fact import Metadata, Recorded
from buildledger.events.ids import CONFIG_STREAM
from tests.config.texts import loaded

GOLDEN = Path(__file__).parents[1] / "golden" / "stored"
OF_THE_FUTURE = '{"format":99}'


class Facts:
    """A ledger that holds nothing but configurations, and counts how often it is read."""

    def __init__(self, *texts: str) -> None:
        self._texts = texts
        self.reads: list[int] = []

    def at(self, position: int) -> Recorded:
        """The fact at a position."""
        self.reads.append(position)
        text = self._texts[position - 1]
        return Recorded(
            position=position,
            stream_id=CONFIG_STREAM,
            version=position,
            name=ConfigApplied.NAME,
            fact=ConfigApplied(revision=position, digest=f"digest {position}", text=text, origin="ci.yaml"),
            meta=Metadata(recorded_at=datetime(2026, 1, 1, tzinfo=UTC), actor="system", command_id=uuid4()),
        )


def titled(title: str) -> Configuration:
    """A configuration that differs from others by its title."""
    return loaded(f"version: 1\nserver: {{title: {title}}}\n")


def test_a_configuration_is_read_when_it_is_asked_for_and_once() -> None:
    """Nothing is decoded before, and the last used ones stay at hand."""
    facts = Facts(*(titled(title).to_json() for title in ("one", "two", "three")))
    configurations = Configurations(facts.at, decoded_max=2)
    assert facts.reads == []
    assert [configurations.at(position).server.title for position in (1, 2, 1, 3, 1)] == [
        "one",
        "two",
        "one",
        "three",
        "one",
    ]
    assert facts.reads == [1, 2, 3]
    configurations.at(2)
    assert facts.reads == [1, 2, 3, 2]


def test_large_configurations_are_kept_only_as_long_as_there_is_room() -> None:
    """What is kept is bounded by how much it is, too; the last one stays whatever it takes."""
    facts = Facts(*(titled(title).to_json() for title in ("one", "two")))
    configurations = Configurations(facts.at, decoded_bytes=len(titled("one").to_json()) + 1)
    for position in (1, 1, 2, 2, 1):
        configurations.at(position)
    assert facts.reads == [1, 2, 1]


def test_what_is_known_of_a_configuration_is_told_without_reading_it_again() -> None:
    """Each commit that is recorded asks for the digest of what is in force, which may have tens of megabytes."""
    facts = Facts(titled("one").to_json())
    configurations = Configurations(facts.at)
    configurations.at(1)
    assert [configurations.digest_at(1) for _ in range(3)] == ["digest 1"] * 3
    assert facts.reads == [1]


def test_the_same_configuration_is_decoded_once() -> None:
    """Reactors and read models that ask for what was just applied have one copy between them."""
    text = titled("shared").to_json()
    first = read_configuration(text)
    assert read_configuration(text.encode()) is first


def test_the_error_names_the_position_and_the_format() -> None:
    """Whoever asks for what can't be read learns where it stands and what it would take."""
    configurations = Configurations(Facts(titled("one").to_json(), OF_THE_FUTURE).at)
    with pytest.raises(UnreadableConfigurationError, match=r"position 2 .*\(format 99\)") as caught:
        configurations.at(2)
    assert (caught.value.position, caught.value.format) == (2, 99)
    assert configurations.at(1).server.title == "one"


def test_a_follower_passes_over_what_it_cannot_read() -> None:
    """An old configuration that nobody asks for stops nobody."""
    facts = Facts(OF_THE_FUTURE, titled("two").to_json())
    applied = AppliedConfigurations(Configurations(facts.at))
    assert applied.digest is None
    applied.apply(1, "old")
    applied.apply(2, "new")
    assert facts.reads == []
    assert applied.current == titled("two")
    assert applied.of("new", None) == titled("two")
    with pytest.raises(UnreadableConfigurationError):
        applied.of("old", None)
    with pytest.raises(KeyError):
        applied.of("never", None)


def test_the_configuration_in_force_stays_at_hand() -> None:
    """However many old ones others read, the one in force isn't read again."""
    facts = Facts(*(titled(title).to_json() for title in ("one", "two", "three")))
    configurations = Configurations(facts.at, decoded_max=1)
    applied = AppliedConfigurations(configurations)
    applied.apply(3, "three")
    assert applied.current == titled("three")
    configurations.at(1)
    configurations.at(2)
    assert applied.current == applied.of("three", None) == titled("three")
    assert facts.reads == [3, 1, 2]


def test_a_checkpoint_remembers_what_is_in_force_and_what_is_pinned() -> None:
    """Other old ones are forgotten; nothing is decoded to restore."""
    facts = Facts(*(titled(title).to_json() for title in ("one", "two", "three")))
    applied = AppliedConfigurations(Configurations(facts.at))
    for position, digest in enumerate(("one", "two", "three"), 1):
        applied.apply(position, digest)
    positions = applied.positions({"one"})
    assert positions == {"one": 1, "three": 3}
    restored = AppliedConfigurations(Configurations(facts.at))
    restored.apply(2, "two")
    restored.restore(positions, applied.digest)
    assert facts.reads == []
    assert (restored.current, restored.of("one", None)) == (titled("three"), titled("one"))


def test_what_is_in_force_and_cannot_be_read_stops_no_follower() -> None:
    """It is as if nothing were configured, the reason is at hand, and it is read once however often it is wanted."""
    facts = Facts(OF_THE_FUTURE, titled("two").to_json())
    applied = AppliedConfigurations(Configurations(facts.at))
    applied.apply(1, "new format")
    assert [applied.current, applied.current] == [None, None]
    assert "format 99" in str(applied.unreadable)
    assert facts.reads == [1]
    applied.apply(2, "readable")
    assert (applied.current, applied.unreadable) == (titled("two"), None)


def test_builds_find_a_configuration_that_an_earlier_version_stored() -> None:
    """It is known by what was stored, and not by what this version would write: builds are pinned to that."""
    text = (GOLDEN / "configuration.1.jsonl").read_text().splitlines()[0]
    digest = sha256(text.encode()).hexdigest()
    applied = AppliedConfigurations(Configurations(Facts(text).at))
    applied.apply(1, digest)
    assert applied.current is not None
    assert applied.current.applied_digest == digest
    assert applied.of(applied.current.applied_digest, None) is applied.current
    applied.apply(2, "another")
    assert applied.of(digest, None).builders


def test_what_was_read_is_applied_again_in_the_newest_format() -> None:
    """A digest is always that of the text beside it."""
    text = (GOLDEN / "configuration.1.jsonl").read_text().splitlines()[0]
    again = read_configuration(text).anew()
    assert again.digest == sha256(again.to_json().encode()).hexdigest()
    assert again.digest != read_configuration(text).digest
