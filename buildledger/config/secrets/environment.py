"""Secrets in the environment of the server."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping

from buildledger.config.secrets.provider import SecretUnavailableError, checked


class EnvironmentSecrets:
    """Variables of the server's own environment: `staging-db` is `BUILDLEDGER_SECRET_STAGING_DB`."""

    def __init__(self, prefix: str, environment: Mapping[str, str]) -> None:
        self._prefix = prefix
        self._environment = environment

    def read(self, name: str) -> str:
        """See `SecretProvider`."""
        try:
            value = self._environment[self._variable(name)]
        except KeyError:
            raise SecretUnavailableError(f"secret '{name}': {self.place(name)} isn't set") from None
        return checked(name, os.fsencode(value))

    def place(self, name: str) -> str:
        """See `SecretProvider`."""
        return f"the environment variable {self._variable(name)}"

    def _variable(self, name: str) -> str:
        return self._prefix + re.sub(r"[^A-Z0-9]", "_", name.upper())
