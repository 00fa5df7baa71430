"""What every place offers that has secrets."""

from __future__ import annotations

from typing import Protocol

from buildledger.config import limits


class SecretUnavailableError(LookupError):
    """A secret isn't there, or is no text; the message names it and the place it was looked for, never a value."""


class SecretRefusedError(SecretUnavailableError):
    """The place that has the secret doesn't show it to the server."""


class SecretsUnreachableError(OSError):
    """The place that has the secrets can't be asked at this moment, or doesn't let the server in; later it may."""


class SecretProvider(Protocol):
    """A place that has secrets by name."""

    def read(self, name: str) -> str:
        """The value, without a final line break. May block, but not for long.

        Raises:
            SecretUnavailableError
            SecretsUnreachableError
        """
        ...

    def place(self, name: str) -> str:
        """Where a secret of this name is looked for, for people; empty if nowhere."""
        ...


class NoSecrets:
    """The provider of an installation without secrets: every name is unknown."""

    def read(self, name: str) -> str:
        """See `SecretProvider`."""
        raise SecretUnavailableError(f"secret '{name}': the configuration has no 'secrets' section")

    def place(self, name: str) -> str:
        """See `SecretProvider`."""
        return ""


def checked(name: str, raw: bytes) -> str:
    """The value of a secret as text.

    Raises:
        SecretUnavailableError: It is too large, empty, or no text.
    """
    if len(raw) > limits.SECRET_BYTES:
        raise SecretUnavailableError(f"secret '{name}' is larger than {limits.SECRET_BYTES} bytes")
    try:
        value = raw.decode().removesuffix("\n").removesuffix("\r")
    except UnicodeDecodeError:
        raise SecretUnavailableError(f"secret '{name}' isn't UTF-8 text") from None
    if not value or "\0" in value:
        raise SecretUnavailableError(f"secret '{name}' is empty or holds a NUL character")
    return value
