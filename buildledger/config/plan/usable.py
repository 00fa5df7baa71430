"""Whether a stored configuration can be put in force again on this machine, at this moment."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from buildledger.config.resolved import Configuration
from buildledger.config.secrets.provider import SecretsUnreachableError, SecretUnavailableError
from buildledger.config.secrets.providers import provider
from buildledger.config.secrets.unmaskable import unmaskable


def hindrances(configuration: Configuration, environment: Mapping[str, str] | None = None) -> list[str]:
    """What a file that said the same would be refused for today: secrets that aren't there or can't be hidden. Blocks.

    `environment` is the process's own unless given.
    """
    source = provider(configuration.secrets, environment)
    found = []
    for name, mask in sorted(set(_secrets(msgspec.to_builtins(configuration.builders)))):
        try:
            value = source.read(name)
        except (SecretUnavailableError, SecretsUnreachableError) as error:
            found.append(str(error))
            continue
        if mask and (reason := unmaskable(value)):
            found.append(f"secret '{name}' {reason}")
    return list(dict.fromkeys(found))


def _secrets(value: Any) -> Iterator[tuple[str, bool]]:
    """The name of each secret that a value refers to, and whether it is to be hidden."""
    if isinstance(value, dict):
        if value.get("node") == "secret":
            yield value["name"], value["mask"]
        for inner in value.values():
            yield from _secrets(inner)
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from _secrets(inner)
