"""Secrets in a directory, one file each."""

from __future__ import annotations

from pathlib import Path

from buildledger.config import limits
from buildledger.config.reading.given_files import read_file
from buildledger.config.secrets.provider import SecretUnavailableError, checked


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
        return checked(name, raw)

    def place(self, name: str) -> str:
        """See `SecretProvider`."""
        return f"the file {self._directory / name}"
