"""Whether a stored configuration can be put in force again on this machine, at this moment."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from buildledger.config.resolved import Configuration
from buildledger.config.secrets.provider import SecretsUnreachableError, SecretUnavailableError
from buildledger.config.secrets.providers import provider
from buildledger.config.secrets.unmaskable import unmaskable
from buildledger.wording import plural


def hindrances(configuration: Configuration, environment: Mapping[str, str] | None = None) -> list[str]:
    """What a file that says the same is refused for: secrets that aren't there or can't be hidden. Blocks.

    `environment` is the process's own unless given.
    """
    source = provider(configuration.secrets, environment)
    found = []
    for name, mask in sorted(set(_secrets(configuration))):
        try:
            value = source.read(name)
        except (SecretUnavailableError, SecretsUnreachableError) as error:
            found.append(str(error))
            continue
        if mask and (reason := unmaskable(value)):
            found.append(f"secret '{name}' {reason}")
    return list(dict.fromkeys(found))


def missing_secrets(configuration: Configuration) -> dict[str, str]:
    """The same as one line about the part of the server that reads secrets; empty if all can be had. Blocks."""
    found = hindrances(configuration)
    more = f", and {plural(len(found) - 1, 'more')}" if len(found) > 1 else ""
    return {"look-up of secrets": f"{found[0]}{more}"} if found else {}


def _secrets(configuration: Configuration) -> Iterator[tuple[str, bool]]:
    """The name of each secret that a configuration refers to, and whether it is to be hidden.

    Found in the text, which is at hand: to go through ten thousand builders would take seconds. No text of a file is
    taken for a reference, for its quotes are escaped there.
    """
    for mask, name in _REFERENCE.findall(configuration.to_json()):
        yield name, mask == "true"


_REFERENCE = re.compile(r'\{"mask":(true|false),"name":"([^"\\]+)","node":"secret"\}')
