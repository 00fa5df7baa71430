"""Settings → the provider that they name."""

from __future__ import annotations

import os
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import assert_never

import msgspec

from buildledger.config.secrets.environment import EnvironmentSecrets
from buildledger.config.secrets.files import FileSecrets
from buildledger.config.secrets.provider import NoSecrets, SecretProvider
from buildledger.config.secrets.settings import DEFAULT_PREFIX, Secrets, Vault
from buildledger.config.secrets.vault import VaultSecrets


def provider(secrets: Secrets, environment: Mapping[str, str] | None = None) -> SecretProvider:
    """The provider that the configuration names; `environment` is the process's own unless given."""
    match secrets.provider:
        case "file":
            assert secrets.path is not None
            return FileSecrets(Path(secrets.path))
        case "env":
            return EnvironmentSecrets(
                DEFAULT_PREFIX if secrets.prefix is None else secrets.prefix,
                os.environ if environment is None else environment,
            )
        case "vault":
            assert secrets.vault is not None
            return _vault(msgspec.json.encode(secrets.vault, order="sorted"))
        case "none":
            return NoSecrets()
        case _:
            assert_never(secrets.provider)


@lru_cache(maxsize=4)
def _vault(settings: bytes) -> VaultSecrets:
    """The same for the same settings: it stays signed in, and knows for a moment that Vault is away."""
    return VaultSecrets(msgspec.json.decode(settings, type=Vault))
