"""Where a configuration says that secrets are; stored with it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

import msgspec

DEFAULT_PREFIX = "BUILDLEDGER_SECRET_"


class VaultLogin(msgspec.Struct, frozen=True, kw_only=True):
    """How the server signs in to Vault."""

    method: Literal["token", "approle", "kubernetes"]
    """token: it shows one that somebody else keeps fresh. approle, kubernetes: it is given one for a role."""
    file: str
    """Absolute: holds the token, the AppRole's secret id, or the token of the pod's service account."""
    role: str = ""
    """The AppRole's id, or the name of Kubernetes' role."""
    mount: str = ""
    """Where the method is mounted."""


class VaultPlace(msgspec.Struct, frozen=True, kw_only=True):
    """Where one secret stands that isn't found by its name."""

    path: str
    """Below the mount."""
    key: str


class Vault(msgspec.Struct, frozen=True, kw_only=True):
    """A key-value store of Vault, and how the server signs in."""

    address: str
    """`https://host:8200`, without a trailing slash."""
    login: VaultLogin
    mount: str = "secret"
    """Where the key-value store is mounted."""
    version: Literal[1, 2] = 2
    """Of the key-value store."""
    path: str = ""
    """Below the mount; a secret's name comes after it."""
    key: str = "value"
    """Under which of the keys at its path a secret's value stands."""
    places: Mapping[str, VaultPlace] = {}
    """Secrets that stand elsewhere, by name."""
    namespace: str | None = None
    ca: str | None = None
    """Absolute: a PEM file with the issuers of its certificate; None: those that the machine trusts."""
    timeout_seconds: float = 5.0
    """Of each request."""


class Secrets(msgspec.Struct, frozen=True, kw_only=True):
    """Where secrets are read from when an operation is sent to a worker."""

    provider: Literal["none", "file", "env", "vault"] = "none"
    path: str | None = None
    """Provider `file`: the absolute directory that holds one file a secret."""
    prefix: str | None = None
    """Provider `env`: what stands before the secret's name in the server's environment."""
    vault: Vault | None = None
    """Provider `vault`."""
