"""Where secrets come from. Their values are read when an operation is sent to a worker, and are kept nowhere."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Literal, Protocol, assert_never

import msgspec

from buildledger.config import limits
from buildledger.config.given_files import read_file

DEFAULT_PREFIX = "BUILDLEDGER_SECRET_"


class Secrets(msgspec.Struct, frozen=True, kw_only=True):
    """Where secrets are read from when an operation is sent to a worker."""

    provider: Literal["none", "file", "env"] = "none"
    path: str | None = None
    """Provider `file`: the absolute directory that holds one file a secret."""
    prefix: str | None = None
    """Provider `env`: what stands before the secret's name in the server's environment."""


class SecretUnavailableError(LookupError):
    """A secret can't be read; the message names it and the place it was looked for, never a value."""


class SecretProvider(Protocol):
    """A place that has secrets by name."""

    def read(self, name: str) -> str:
        """The value, without a final line break.

        Raises:
            SecretUnavailableError
        """
        ...

    def place(self, name: str) -> str:
        """Where a secret of this name is looked for, for people."""
        ...


class FileSecrets:
    """A directory with one file a secret; names hold no `/`, and links are followed."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory

    def read(self, name: str) -> str:
        """See `SecretProvider`."""
        try:
            raw = read_file(self._directory / name, limits.SECRET_BYTES + 1, pipe_seconds=0.0)
        except (OSError, ValueError) as error:
            reason = getattr(error, "strerror", None) or "unreadable"
            raise SecretUnavailableError(f"secret '{name}': {self.place(name)}: {reason}") from error
        return _checked(name, raw)

    def place(self, name: str) -> str:
        """See `SecretProvider`."""
        return f"the file {self._directory / name}"


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
        return _checked(name, os.fsencode(value))

    def place(self, name: str) -> str:
        """See `SecretProvider`."""
        return f"the environment variable {self._variable(name)}"

    def _variable(self, name: str) -> str:
        return self._prefix + re.sub(r"[^A-Z0-9]", "_", name.upper())


class NoSecrets:
    """The provider of an installation without secrets: every name is unknown."""

    def read(self, name: str) -> str:
        """See `SecretProvider`."""
        raise SecretUnavailableError(f"secret '{name}': the configuration has no 'secrets' section")

    def place(self, name: str) -> str:
        """See `SecretProvider`."""
        return "no place at all"


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
        case "none":
            return NoSecrets()
        case _:
            assert_never(secrets.provider)


def _checked(name: str, raw: bytes) -> str:
    if len(raw) > limits.SECRET_BYTES:
        raise SecretUnavailableError(f"secret '{name}' is larger than {limits.SECRET_BYTES} bytes")
    try:
        value = raw.decode().removesuffix("\n").removesuffix("\r")
    except UnicodeDecodeError:
        raise SecretUnavailableError(f"secret '{name}' isn't UTF-8 text") from None
    if not value or "\0" in value:
        raise SecretUnavailableError(f"secret '{name}' is empty or holds a NUL character")
    return value


COMMON_WORDS = frozenset(
    {"admin", "build", "changeit", "changeme", "debug", "default", "deploy", "develop", "development", "docker"}
    | {"error", "example", "failed", "failure", "false", "github", "gitlab", "hello", "https", "latest", "linux"}
    | {"localhost", "master", "mysql", "nobody", "none", "null", "password", "passwd", "postgres", "private"}
    | {"production", "public", "python", "redis", "release", "result", "root", "running", "secret", "server"}
    | {"service", "staging", "status", "success", "system", "test", "testing", "tests", "token", "true", "undefined"}
    | {"unknown", "user", "username", "version", "warning", "windows", "worker", "123456", "12345678", "1234567890"}
)
"""Values that output is full of: hiding them would hide half of it, and would tell what they are."""


def unmaskable(value: str) -> str | None:
    """Why a value can't be hidden in what programs write; None if it can."""
    stripped = value.strip()
    if (length := len(stripped.encode())) < limits.SECRET_MASKED_BYTES_MIN:
        return f"has {length} bytes; a value of less than {limits.SECRET_MASKED_BYTES_MIN} can't be hidden in output"
    if any(line.strip().casefold() in COMMON_WORDS for line in stripped.splitlines()):
        where = "has a line that is" if len(stripped.splitlines()) > 1 else "is"
        return f"{where} a common word, which can't be hidden in output"
    return None
