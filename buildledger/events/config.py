"""Facts about the configuration."""

from __future__ import annotations

from typing import ClassVar

from buildledger.events.fact import Fact


class ConfigApplied(Fact, frozen=True, kw_only=True, omit_defaults=True):
    """A configuration took effect, whole."""

    NAME: ClassVar[str] = "config.applied.v1"

    revision: int
    """From 1, without gaps."""
    digest: str
    """SHA-256 of `text` in hex."""
    text: str
    """The resolved configuration in canonical JSON; names of secrets, never their values."""
    origin: str
    """The file it was read from."""
    plan: tuple[str, ...] = ()
    """What it created, changed and removed, a line each; of a long plan the beginning, and how many lines more."""
    message: str = ""
    """Why, in the words of whoever applied it."""
    restores: int = 0
    """The earlier revision whose content it has again; 0: it was applied from a file."""


class ConfigEffectFailed(Fact, frozen=True, kw_only=True, omit_defaults=True):
    """A component could not follow the configuration; it goes on trying."""

    NAME: ClassVar[str] = "config.effect_failed.v1"

    revision: int
    """The one that could not be followed."""
    component: str
    """Which part of the server."""
    detail: str
    """Why, for people."""
