"""The configuration: a row of revisions, each applied whole."""

from __future__ import annotations

from typing import ClassVar, assert_never
from uuid import UUID

import msgspec

from buildledger.domain.command import Aggregate, Command
from buildledger.domain.refusals import ConfigReplacedRefusal, ConfigRevisionRefusal
from buildledger.events.config import ConfigApplied, ConfigEffectFailed
from buildledger.events.fact import Fact
from buildledger.events.ids import CONFIG_STREAM


class ConfigState(msgspec.Struct, frozen=True):
    """The revision in force; 0 before the first."""

    revision: int = 0
    digest: str = ""


class ConfigCommand(Command, frozen=True, kw_only=True):
    """A command about the one configuration."""

    @property
    def stream_id(self) -> UUID:
        """The configuration's stream."""
        return CONFIG_STREAM


class ApplyConfig(ConfigCommand, frozen=True, kw_only=True):
    """Make a checked configuration the one in force; the one in force already decides nothing."""

    digest: str
    text: str
    origin: str
    plan: tuple[str, ...] = ()
    message: str = ""
    restores: int = 0
    """The earlier revision whose content it has; 0: none is meant."""
    expected_revision: int | None = None
    """Refused unless this is the revision in force; None: whatever is."""

    def as_asked(self) -> ApplyConfig:
        """Without the plan: compared with what it has put in force itself, it changes nothing."""
        return msgspec.structs.replace(self, plan=())


class RequireConfig(ConfigCommand, frozen=True, kw_only=True):
    """Be refused unless it is the one in force; goes with what was decided under it, and decides nothing."""

    IS_CONDITION: ClassVar[bool] = True

    digest: str


class ReportConfigEffectFailure(ConfigCommand, frozen=True, kw_only=True):
    """Say that a component could not follow a revision."""

    revision: int
    component: str
    detail: str


def decide(state: ConfigState, command: ApplyConfig | RequireConfig | ReportConfigEffectFailure) -> tuple[Fact, ...]:
    """One revision after another.

    Raises:
        ConfigRevisionRefusal
        ConfigReplacedRefusal
    """
    match command:
        case ApplyConfig():
            if command.expected_revision not in (None, state.revision):
                raise ConfigRevisionRefusal(command.expected_revision or 0, state.revision)
            if command.digest == state.digest:
                return ()
            return (
                ConfigApplied(
                    revision=state.revision + 1,
                    digest=command.digest,
                    text=command.text,
                    origin=command.origin,
                    plan=command.plan,
                    message=command.message,
                    restores=command.restores,
                ),
            )
        case RequireConfig(digest=digest):
            if digest != state.digest:
                raise ConfigReplacedRefusal(state.revision)
            return ()
        case ReportConfigEffectFailure(revision=revision, component=component, detail=detail):
            return (ConfigEffectFailed(revision=revision, component=component, detail=detail),)
        case _:
            assert_never(command)


def evolve(state: ConfigState, fact: Fact) -> ConfigState:
    """The last applied one is in force."""
    return ConfigState(fact.revision, fact.digest) if isinstance(fact, ConfigApplied) else state


AGGREGATE = Aggregate(
    name="config",
    commands=(ApplyConfig, RequireConfig, ReportConfigEffectFailure),
    initial=ConfigState(),
    decide=decide,
    evolve=evolve,
)
