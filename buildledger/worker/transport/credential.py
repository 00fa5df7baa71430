"""The worker's credential on disk, readable by nobody else."""

import base64
import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path

_FILE_NAME = "credential.json"
_PRIVATE = 0o600


@dataclass(frozen=True, kw_only=True)
class StoredCredential:
    """What the server issued, and the private key that stays here.

    Times are seconds since the epoch; None means never.
    """

    worker_id: str
    bearer: str
    private_key_pem: bytes
    certificate_chain_pem: bytes = b""
    trusted_ca_pem: bytes = b""
    not_after: float | None = None
    renew_at: float | None = None

    def has_expired(self, now: float) -> bool:
        """Whether the server takes it no more, as far as this machine's clock can tell."""
        return self.not_after is not None and now >= self.not_after


class CredentialUnreadableError(Exception):
    """The credential file exists but makes no sense."""

    def __init__(self, path: Path) -> None:
        self.path = path
        super().__init__(f"{path} is damaged: remove it and enrol the worker again with a fresh token")


def load(state_dir: Path) -> StoredCredential | None:
    """The stored credential, or None if the worker was never enrolled.

    Raises:
        CredentialUnreadableError: the file is damaged.
    """
    path = state_dir / _FILE_NAME
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return None
    try:
        fields = json.loads(text)
        for name in ("private_key_pem", "certificate_chain_pem", "trusted_ca_pem"):
            fields[name] = base64.b64decode(fields[name], validate=True)
        return StoredCredential(**fields)
    except (ValueError, KeyError, TypeError) as error:
        raise CredentialUnreadableError(path) from error


def store(state_dir: Path, credential: StoredCredential) -> None:
    """Replace the stored credential in one step; durable when this returns."""
    fields = {
        name: base64.b64encode(value).decode("ascii") if isinstance(value, bytes) else value
        for name, value in asdict(credential).items()
    }
    path = state_dir / _FILE_NAME
    temporary = path.with_suffix(".new")
    temporary.unlink(missing_ok=True)
    # Private from its first byte on, whatever the umask.
    with open(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, _PRIVATE), "w", encoding="utf-8") as file:
        json.dump(fields, file)
        file.flush()
        os.fsync(file.fileno())
    temporary.replace(path)
    sync_directory(state_dir)


def sync_directory(directory: Path) -> None:
    """Make the names in `directory` durable."""
    descriptor = os.open(directory, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
