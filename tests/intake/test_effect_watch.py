"""What a part of the server can't follow of the configuration in force, as ledger and health learn of it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from pathlib import Path

import pytest

from buildledger.clock import SystemClock
from buildledger.config.configurations import Configurations
from buildledger.config.resolved import Configuration
from buildledger.domain.config import ApplyConfig
from buildledger.events.config import ConfigEffectFailed
from buildledger.intake.active_configuration import ActiveConfiguration
from buildledger.intake.config_effects import ConfigEffects
from buildledger.intake.effect_watch import EffectWatch
from buildledger.ledger.ledger import Ledger
from buildledger.ledger.submission import Origin
from buildledger.testing.configuration import load_text
from tests.faults.installation import wait_until


@pytest.fixture
async def ledger(tmp_path: Path) -> AsyncIterator[Ledger]:
    """With one configuration in force."""
    ledger = Ledger.open(f"sqlite:///{tmp_path / 'ledger.db'}", clock=SystemClock())
    one = load_text("version: 1\n")
    await ledger.execute(
        ApplyConfig(digest=one.digest, text=one.to_json(), origin="ci.yaml"), origin=Origin(actor="system")
    )
    yield ledger
    ledger.close()


async def test_what_fails_is_recorded_once_and_looked_at_until_it_does_not(ledger: Ledger) -> None:
    """Health has it only as long; a check that breaks is a failure of its part, and the other parts' stay."""
    active = ActiveConfiguration(ledger, Configurations(ledger.at))
    await active.load()
    effects = ConfigEffects(ledger, active)
    await effects.note("pollers", {"poller app": "no such system"})
    answers: list[Mapping[str, str] | Exception] = [{"secrets": "sealed"}, {"secrets": "sealed"}, OSError("broken"), {}]

    def check(configuration: Configuration) -> Mapping[str, str]:
        answer = answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer

    watch = EffectWatch("secrets", check, active, effects, retry_seconds=0.01)
    watching = asyncio.create_task(watch.run())
    await asyncio.to_thread(wait_until, lambda: not answers and "secrets" not in effects.failing, "all is well")
    assert effects.failing == {"poller app": "no such system"}
    told = [each.fact for each in ledger.read(0, 100) if isinstance(each.fact, ConfigEffectFailed)]
    assert [(each.revision, each.component) for each in told] == [(1, "poller app"), (1, "secrets"), (1, "secrets")]
    assert [each.detail for each in told][1:] == ["sealed", "OSError: broken"]
    answers.append({"secrets": "sealed again"})
    await asyncio.to_thread(watch.look)
    await asyncio.to_thread(wait_until, lambda: effects.failing.get("secrets") == "sealed again", "it looks when asked")
    answers.append({})
    watching.cancel()
    await asyncio.gather(watching, return_exceptions=True)
    assert "secrets" not in effects.failing
