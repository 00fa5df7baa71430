"""Reads every format in which a configuration, or the settings of a worker's machine, was ever stored.

The newest shape is that of `resolved.py` and `machines.py`, which write it with its number (`"format": 1`) and with
every default spelled out. Whoever changes what is stored raises the number beside the shape (`CONFIGURATION_FORMAT`,
`MACHINE_SETTINGS_FORMAT`), adds here what turns the former format into the next one, and records a golden text
(`python -m tests.golden.stored.record`).
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from hashlib import sha256
from typing import Any
from weakref import WeakValueDictionary

import msgspec

from buildledger.config.machines import MACHINE_SETTINGS_FORMAT, Start
from buildledger.config.resolved import CONFIGURATION_FORMAT, Builder, Configuration
from buildledger.events.stored_format import StoredFormat


def _secrets_are_masked(plain: dict[str, Any]) -> dict[str, Any]:
    """Format 1 → 2: whether a secret is hidden in output is said; it always was."""

    def within(value: Any) -> Any:
        if isinstance(value, list):
            return [within(one) for one in value]
        if not isinstance(value, dict):
            return value
        inner = {key: within(one) for key, one in value.items()}
        return inner | {"mask": True} if inner.get("node") == "secret" and "name" in inner else inner

    return {key: within(value) for key, value in plain.items()}


_FURTHER_SETTINGS: dict[str, dict[str, Any]] = {
    "configuration": {"projects": {}, "repo_pipelines": {}, "generated": None},
    "secrets": {"vault": None},
    "sources": {},
    "workers": {},
    "locks": {},
    "builders": {"input_names": [], "pick": "same-as-last", "protected": False, "timeout_seconds": None},
    "steps": {"locks": []},
    "triggers": {},
}
"""What format 3 added to each of these, with the value that it had before one could say so."""


def _further_settings_are_said(plain: dict[str, Any]) -> dict[str, Any]:
    """Format 2 → 3: settings that came are spelled out."""

    def each(section: str) -> dict[str, Any]:
        return {name: entry | _FURTHER_SETTINGS[section] for name, entry in plain[section].items()}

    builders = each("builders")
    for builder in builders.values():
        builder["steps"] = [step | _FURTHER_SETTINGS["steps"] for step in builder["steps"]]
    sections = {name: each(name) for name in ("sources", "workers", "locks", "triggers")}
    secrets = plain["secrets"] | _FURTHER_SETTINGS["secrets"]
    return plain | _FURTHER_SETTINGS["configuration"] | sections | {"builders": builders, "secrets": secrets}


class _Unread(Configuration, frozen=True, kw_only=True):
    """A configuration whose builders are still text."""

    builders: Mapping[str, msgspec.Raw]  # type: ignore[assignment]


class _ConfigurationDecoder:
    """Reads the newest format. A builder that stands in several texts is read once, and is one object in all of them.

    A large configuration of which somebody changes one builder takes a hundred megabytes, and several are at hand: the
    one in force, the one before, and those that builds run under. For one thread at a time.
    """

    def __init__(self) -> None:
        self._configuration = msgspec.json.Decoder(_Unread)
        self._builder = msgspec.json.Decoder(Builder)
        self._in_use: WeakValueDictionary[bytes, Builder] = WeakValueDictionary()

    def decode(self, text: str | bytes) -> Configuration:
        unread = self._configuration.decode(text)
        builders = {name: self._read(name, builder) for name, builder in unread.builders.items()}
        return Configuration(**(msgspec.structs.asdict(unread) | {"builders": builders}))

    def _read(self, name: str, text: msgspec.Raw) -> Builder:
        digest = sha256(text).digest()
        if (known := self._in_use.get(digest)) is None:
            try:
                known = self._in_use[digest] = self._builder.decode(text)
            except msgspec.DecodeError as error:
                raise msgspec.DecodeError(f"builder {name!r}: {error}") from error
        return known


CONFIGURATION: StoredFormat[Configuration] = StoredFormat(
    "configuration",
    _ConfigurationDecoder().decode,
    CONFIGURATION_FORMAT,
    upcasts=(_secrets_are_masked, _further_settings_are_said),
)
MACHINE_SETTINGS: StoredFormat[Start] = StoredFormat(
    "text with a machine's settings", msgspec.json.Decoder(Start).decode, MACHINE_SETTINGS_FORMAT, upcasts=()
)


def read_configuration(text: str | bytes) -> Configuration:
    """What `Configuration.to_json` wrote, in this version of Build Ledger or an earlier one.

    Whoever asks while somebody has it gets that one: a large one takes a tenth of a second and a hundred megabytes, and
    reactors and read models all ask for the same when it is applied. Blocks while somebody else reads one.

    Raises:
        UnreadableTextError
    """
    digest = sha256(text.encode() if isinstance(text, str) else text).hexdigest()
    with _reading:
        if (known := _in_use.get(digest)) is None:
            known = _in_use[digest] = CONFIGURATION.read(text).read_from(digest)
        return known


_in_use: WeakValueDictionary[str, Configuration] = WeakValueDictionary()
_reading = threading.Lock()


def read_machine_settings(text: str | bytes) -> Start:
    """What `machines.to_json` wrote, in this version of Build Ledger or an earlier one.

    Raises:
        UnreadableTextError
    """
    return MACHINE_SETTINGS.read(text)
