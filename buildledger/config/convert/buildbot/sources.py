"""Repositories: every address that steps or change sources name becomes one source."""

from __future__ import annotations

import re
from collections.abc import Collection
from typing import Any

from buildledger.config.convert.buildbot.account import Account, Entry, Kind, UnsayableError
from buildledger.config.convert.buildbot.described import Place
from buildledger.config.convert.buildbot.names import name, unique
from buildledger.sources.systems import SYSTEMS

_CREDENTIALS = re.compile(r"^(\w+://)[^/@]*@")
_SCP = re.compile(r"^[\w.-]+@[\w.-]+:")
KEEPS_USER = ("ssh://",)


class Sources:
    """The sources of the result."""

    def __init__(self, account: Account) -> None:
        self._account = account
        self._names: dict[str, str] = {}
        self.declared: dict[str, dict[str, Any]] = {}
        """Name → the keys of the source. Without a change source nothing polls it: `poll` is `never`."""

    def of(self, address: str, place: Place | None) -> str:
        """The name of the source with this address, declared at its first use.

        Raises:
            UnsayableError: It is no address.
        """
        clean = _without_credentials(address)
        key = _same(clean)
        if key not in self._names:
            if problem := SYSTEMS["git"].address_problem(clean.rstrip("/") or clean):
                raise UnsayableError(problem.message, problem.hint)
            new = unique(name(_last_part(clean)), self.declared)
            self._names[key] = new
            self.declared[new] = {"git": clean, "poll": "never"}
            entry = self.entry(new, place)
            if clean != address:
                entry.note(
                    "credentials",
                    "a source's address holds no credentials; they were left out",
                    "give the worker's account access: an ssh key, or git's own credential store",
                )
        return self._names[key]

    def is_at(self, source: str, addresses: Collection[str]) -> bool:
        """Whether a source has one of these addresses."""
        return _same(self.declared[source]["git"]) in {_same(_without_credentials(each)) for each in addresses}

    def entry(self, source: str, place: Place | None = None) -> Entry:
        """The entry of a source in the account."""
        return self._account.entry(Kind.SOURCES, source, source, place)

    def default_branch(self, source: str, branch: str, place: Place | None) -> None:
        """What is built when nobody names a branch. The first one that is said holds."""
        declared = self.declared[source]
        known = declared.setdefault("default_branch", branch)
        if known != branch:
            self.entry(source).note(
                "branch",
                f"its default branch is {known!r} here, and {branch!r} at another step",
                "declare the same address a second time under another name, with that default_branch",
            )


def _without_credentials(address: str) -> str:
    if address.startswith(KEEPS_USER):
        return re.sub(r"^(ssh://[^/@:]+):[^/@]*@", r"\1@", address)
    return _CREDENTIALS.sub(r"\1", address)


def _last_part(address: str) -> str:
    path = re.split(r"[/:\\]", address.rstrip("/"))[-1]
    return path.removesuffix(".git") or "source"


def _same(address: str) -> str:
    """Addresses that differ in this way only are one repository."""
    return address.rstrip("/").removesuffix(".git")
