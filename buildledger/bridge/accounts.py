"""The names and passwords of the Buildbot workers that may connect, read from a file."""

import hmac
import os
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidKey
from cryptography.hazmat.primitives.kdf.argon2 import Argon2id
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from buildledger.bridge.settings import BridgeError

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
_KEYS = {"password_hash", "password_file", "enrollment_token", "labels", "secrets"}
# What OWASP recommends for passwords that people chose: 19 MiB, two passes.
_SALT_BYTES, _HASH_BYTES, _PASSES, _LANES, _MEMORY_KIB = 16, 32, 2, 1, 19 * 1024


@dataclass(frozen=True, kw_only=True)
class Account:
    """Name, password and settings of one Buildbot worker."""

    name: str
    password_hash: str | None = None
    """Argon2id in PHC format, as `hash_password` makes it."""
    password_file: Path | None = None
    """The password in clear, as the old master had it; exactly one of the two is given."""
    enrollment_token: str | None = None
    """Spent when the worker attaches for the first time."""
    labels: dict[str, str] = field(default_factory=dict)
    secrets: bool = False
    """Let it have secrets, although an old worker writes what it is sent to its log."""

    def accepts(self, password: str) -> bool:
        """Whether `password` is this worker's. Takes some 30 ms of processor time when the password is hashed.

        Raises:
            BridgeError: the file with the password can't be read.
        """
        if self.password_file is not None:
            try:
                kept = self.password_file.read_text(encoding="utf-8").removesuffix("\n")
            except (OSError, UnicodeDecodeError) as error:
                raise BridgeError(f"the password of worker {self.name}: {error}") from error
            return bool(kept) and hmac.compare_digest(kept.encode(), password.encode())
        try:
            Argon2id.verify_phc_encoded(password.encode(), str(self.password_hash))
        except InvalidKey:
            return False
        return True


class Accounts:
    """The accounts in the file of workers, which is read again when it has changed."""

    def __init__(self, path: Path) -> None:
        """Read the accounts for the first time.

        Raises:
            BridgeError: The file can't be read or says something that can't be followed.
        """
        self._path = path
        self._read_at: tuple[int, int] | None = None
        self._accounts: dict[str, Account] = {}
        self.find("")

    def __len__(self) -> int:
        """The number of accounts."""
        return len(self._accounts)

    def find(self, name: str) -> Account | None:
        """The account of that name; None if there is none.

        Raises:
            BridgeError: the file is bad.
        """
        try:
            status = self._path.stat()
            if (status.st_mtime_ns, status.st_size) != self._read_at:
                self._accounts = parse(self._path.read_text(encoding="utf-8"), self._path.parent)
                self._read_at = (status.st_mtime_ns, status.st_size)
        except (OSError, UnicodeDecodeError, BridgeError) as error:
            raise BridgeError(f"{self._path}: {error}") from error
        return self._accounts.get(name)


def parse(text: str, folder: Path) -> dict[str, Account]:
    """The workers that a file names; relative paths in it start at `folder`.

    Raises:
        BridgeError: it is no such file; the text says where.
    """
    try:
        document = YAML(typ="safe", pure=True).load(text)
    except YAMLError as error:
        raise BridgeError(str(error)) from error
    if not isinstance(document, dict) or set(document) != {"workers"} or not isinstance(document["workers"], dict):
        raise BridgeError("the file has one key, `workers`, with a mapping of names")
    return {str(name): _account(str(name), fields, folder) for name, fields in document["workers"].items()}


def hash_password(password: str) -> str:
    """The Argon2id hash of a password in PHC format, which the file of workers holds in its place."""
    kdf = Argon2id(
        salt=os.urandom(_SALT_BYTES), length=_HASH_BYTES, iterations=_PASSES, lanes=_LANES, memory_cost=_MEMORY_KIB
    )
    return kdf.derive_phc_encoded(password.encode())


def _account(name: str, fields: Any, folder: Path) -> Account:
    if not _NAME.fullmatch(name):
        raise BridgeError(f"{name!r} can't be a worker's name: 1–64 of A-Z a-z 0-9 . _ -, a letter or digit first")
    if not isinstance(fields, dict) or set(fields) - _KEYS:
        raise BridgeError(f"worker {name}: a mapping of {', '.join(sorted(_KEYS))}")
    if ("password_hash" in fields) == ("password_file" in fields):
        raise BridgeError(f"worker {name}: give either password_hash or password_file")
    for key in ("password_hash", "password_file", "enrollment_token"):
        if not isinstance(fields.get(key, ""), str):
            raise BridgeError(f"worker {name}: {key} is a text")
    if not isinstance(fields.get("secrets", False), bool):
        raise BridgeError(f"worker {name}: secrets is true or false")
    hashed = fields.get("password_hash")
    if hashed is not None and not hashed.startswith("$argon2id$"):
        raise BridgeError(f"worker {name}: password_hash isn't what `buildledger bridge --hash-password` prints")
    labels = fields.get("labels") or {}
    if not isinstance(labels, dict) or not all(isinstance(each, str) for pair in labels.items() for each in pair):
        raise BridgeError(f"worker {name}: labels is a mapping of texts")
    return Account(
        name=name,
        password_hash=hashed,
        password_file=folder / fields["password_file"] if "password_file" in fields else None,
        enrollment_token=fields.get("enrollment_token"),
        labels=dict(labels),
        secrets=fields.get("secrets", False),
    )
