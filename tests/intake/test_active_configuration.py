"""The configuration in force, as a server learns of it at its start and while it runs."""

from __future__ import annotations

import hashlib
import logging
from pathlib import Path

import pytest

from buildledger.clock import SystemClock
from buildledger.config.configurations import Configurations
from buildledger.config.resolved import Configuration
from buildledger.domain.config import ApplyConfig
from buildledger.events.fact import Recorded
from buildledger.intake.active_configuration import ActiveConfiguration
from buildledger.ledger.ledger import Ledger
from buildledger.ledger.submission import Origin
from buildledger.testing.configuration import load_text

OF_THE_FUTURE = '{"format":99}'


def titled(title: str) -> Configuration:
    """A configuration that differs from others by its title."""
    return load_text(f"version: 1\nserver: {{title: {title}}}\n", secrets_required=False)


async def apply(ledger: Ledger, text: str) -> int:
    """Apply a text as it stands; gives its position."""
    command = ApplyConfig(digest=hashlib.sha256(text.encode()).hexdigest(), text=text, origin="ci.yaml")
    return (await ledger.execute(command, origin=Origin(actor="system"))).position


async def test_a_start_reads_the_newest_configuration_only(tmp_path: Path) -> None:
    """One old configuration that this version can't read stops no server."""
    ledger = Ledger.open(f"sqlite:///{tmp_path / 'ledger.db'}", clock=SystemClock())
    read: list[int] = []

    def fact_at(position: int) -> Recorded:
        read.append(position)
        return ledger.at(position)

    await apply(ledger, titled("one").to_json())
    await apply(ledger, OF_THE_FUTURE)
    newest = await apply(ledger, titled("three").to_json())
    active = ActiveConfiguration(ledger, Configurations(fact_at))
    await active.load()
    assert (active.current, active.revision) == (titled("three"), 3)
    assert read == [newest]
    ledger.close()


async def test_a_start_without_a_readable_configuration_says_why(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """When the newest one is of a later version, the server starts all the same, and the reason names its format.

    Workers that can prove themselves are let in: which ones are configured isn't known.
    """
    ledger = Ledger.open(f"sqlite:///{tmp_path / 'ledger.db'}", clock=SystemClock())
    position = await apply(ledger, OF_THE_FUTURE)
    active = ActiveConfiguration(ledger, Configurations(ledger.at))
    with caplog.at_level(logging.ERROR):
        await active.load()
    assert (active.current, active.revision) == (None, 1)
    assert f"position {position}" in str(active.unreadable)
    assert "format 99" in caplog.text
    assert active.names_worker("w1")
    changes = active.changes()
    await apply(ledger, titled("one").to_json())
    assert await anext(changes) == titled("one")
    assert (active.unreadable, active.names_worker("w1")) == (None, False)
    await changes.aclose()  # type: ignore[attr-defined]
    ledger.close()


async def test_what_comes_and_cannot_be_read_changes_nothing(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """A later version beside this one applies what this one can't read: what is in force stays, with an error."""
    ledger = Ledger.open(f"sqlite:///{tmp_path / 'ledger.db'}", clock=SystemClock())
    await apply(ledger, titled("one").to_json())
    active = ActiveConfiguration(ledger, Configurations(ledger.at))
    await active.load()
    changes = active.changes()
    assert await anext(changes) == titled("one")
    with caplog.at_level(logging.ERROR):
        await apply(ledger, OF_THE_FUTURE)
        await apply(ledger, titled("three").to_json())
        assert await anext(changes) == titled("three")
    assert "format 99" in caplog.text
    assert active.revision == 3
    await changes.aclose()  # type: ignore[attr-defined]
    ledger.close()
