"""What all files of a conversion share: the old configuration, the account, the names that things have been given."""

from __future__ import annotations

from collections.abc import Container

from buildledger.config.convert.buildbot.account import Account, Entry
from buildledger.config.convert.buildbot.described import DictOf, Extracted, ListOf, Thing, Value
from buildledger.config.convert.buildbot.names import Names
from buildledger.config.convert.buildbot.names import name as name_of
from buildledger.config.convert.buildbot.sources import Sources

UNSET: tuple[Value, ...] = (None, False, "", ListOf([]), DictOf([]))
"""Values of arguments that say nothing."""


class Site:
    """One conversion under way."""

    def __init__(self, extracted: Extracted) -> None:
        self.extracted = extracted
        self.account = Account()
        self.sources = Sources(self.account)
        self.builder_names = Names()
        self.worker_names = Names()
        self.secrets: dict[str, None] = {}
        """Names of secrets that the result mentions, in the order of their appearance."""

    def secret(self, name: str) -> str:
        """The name of a secret in the result."""
        new = name_of(name)
        self.secrets[new] = None
        return new


def items(value: Value) -> list[Value]:
    """The elements of a list; nothing for None, and of a single value the value."""
    if value is None:
        return []
    return value.items if isinstance(value, ListOf) else [value]


def entries(value: Value) -> dict[str, Value]:
    """A dictionary by the texts of its keys; empty for anything else. Properties are pairs of value and origin."""
    if isinstance(value, DictOf):
        return {str(key): each for key, each in value.items}
    return {}


def remark_unknown(thing: Thing, entry: Entry, known: Container[str], kind: str) -> None:
    """Say which of the arguments that a thing was made with aren't known: nothing is dropped in silence."""
    for name, value in thing.arguments.items():
        if name not in known and value not in UNSET:
            entry.note(f"argument '{name}'", f"it isn't in the result: {kind} has no such setting")


def argument(thing: Thing, name: str, default: Value = None) -> Value:
    """An argument that a thing was made with."""
    return thing.arguments.get(name, default)
