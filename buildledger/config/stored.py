"""Reads every format in which a configuration, or the settings of a worker's machine, was ever stored.

The newest shape is that of `resolved.py` and `machines.py`, which write it with its number (`"format": 1`) and with
every default spelled out. Whoever changes what is stored raises the number beside the shape (`CONFIGURATION_FORMAT`,
`MACHINE_SETTINGS_FORMAT`), adds here what turns the former format into the next one, and records a golden text
(`python -m tests.golden.stored.record`).
"""

from __future__ import annotations

from typing import Any

from buildledger.config.machines import MACHINE_SETTINGS_FORMAT, Start
from buildledger.config.resolved import CONFIGURATION_FORMAT, Configuration
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


CONFIGURATION: StoredFormat[Configuration] = StoredFormat(
    "configuration", Configuration, CONFIGURATION_FORMAT, upcasts=(_secrets_are_masked,)
)
MACHINE_SETTINGS: StoredFormat[Start] = StoredFormat(
    "text with a machine's settings", Start, MACHINE_SETTINGS_FORMAT, upcasts=()
)


def read_configuration(text: str | bytes) -> Configuration:
    """What `Configuration.to_json` wrote, in this version of Build Ledger or an earlier one.

    Raises:
        UnreadableTextError
    """
    return CONFIGURATION.read(text)


def read_machine_settings(text: str | bytes) -> Start:
    """What `machines.to_json` wrote, in this version of Build Ledger or an earlier one.

    Raises:
        UnreadableTextError
    """
    return MACHINE_SETTINGS.read(text)
