"""Signed tree heads, as signed notes (C2SP `tlog-checkpoint`), which existing transparency tools can check."""

from __future__ import annotations

import base64
import hashlib
import os
import re
from datetime import datetime
from pathlib import Path

import msgspec
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

ED25519 = b"\x01"
"""The algorithm's number in signed notes."""
NAME = re.compile(r"[^\s+]{1,100}")


class HeadSignatureError(Exception):
    """A tree head isn't signed by the key it should be, or isn't a tree head."""


class SignedHead(msgspec.Struct, frozen=True, kw_only=True):
    """What the ledger's owner once said about all facts up to a position."""

    size: int
    """How many facts: positions 1 to this."""
    root: bytes
    signed_at: datetime
    note: str
    """The text and its signature line; all else here follows from it."""
    verifier: str
    """The public key that it was checked with: `name+key id in hex+base64`."""

    @property
    def key_id(self) -> str:
        """The short name of the key, in hex."""
        return self.verifier.split("+")[1]

    @property
    def public_key(self) -> str:
        """The Ed25519 public key in base64."""
        return base64.b64encode(_public_bytes(self.verifier)).decode()

    @property
    def text(self) -> str:
        """What is signed."""
        return self.note.partition("\n\n")[0] + "\n"

    @property
    def signature(self) -> str:
        """The Ed25519 signature in base64."""
        line = self.note.partition("\n\n")[2]
        return base64.b64encode(base64.b64decode(line.split(" ")[2])[4:]).decode()


class HeadKey:
    """The private key of an installation."""

    def __init__(self, key: Ed25519PrivateKey, name: str) -> None:
        if NAME.fullmatch(name) is None:
            msg = f"{name!r} can't be a key's name: at most 100 characters, no space and no plus sign"
            raise ValueError(msg)
        self._key = key
        self.name = name
        self._public = key.public_key().public_bytes_raw()
        self.verifier = f"{name}+{_key_id(name, self._public).hex()}+{_base64(ED25519 + self._public)}"
        """The public key in the form that notes are verified with; publish it outside of the ledger's machine."""

    @classmethod
    def at(cls, path: Path, name: str) -> HeadKey:
        """The key in this file, which is made, readable by nobody else, if it isn't there.

        Raises:
            HeadSignatureError: If others may read the file or it holds no Ed25519 key.
        """
        if not path.exists():
            _create(path)
        if path.stat().st_mode & 0o077:
            raise HeadSignatureError(f"{path} can be read by others: chmod 600 it, and think of making another key")
        try:
            key = serialization.load_pem_private_key(path.read_bytes(), password=None)
        except ValueError as error:
            raise HeadSignatureError(f"{path} holds no private key: {error}") from error
        if not isinstance(key, Ed25519PrivateKey):
            raise HeadSignatureError(f"{path} holds another kind of key than Ed25519")
        return cls(key, name)

    def sign(self, size: int, root: bytes, signed_at: datetime) -> SignedHead:
        """State that the tree of this size has this root."""
        text = f"{self.name}\n{size}\n{_base64(root)}\nsigned_at {signed_at.isoformat()}\n"
        signature = _base64(_key_id(self.name, self._public) + self._key.sign(text.encode()))
        note = f"{text}\n\u2014 {self.name} {signature}\n"
        return SignedHead(size=size, root=root, signed_at=signed_at, note=note, verifier=self.verifier)


def read_head(note: str, verifier: str) -> SignedHead:
    """The tree head in a signed note; needs nothing but the note and the public key.

    Raises:
        HeadSignatureError
    """
    name = verifier.partition("+")[0]
    public = _public_bytes(verifier)
    try:
        text, _, line = note.partition("\n\n")
        text += "\n"
        dash, signer, encoded = line.rstrip("\n").split(" ")
        signature = base64.b64decode(encoded, validate=True)
        if (dash, signer, signature[:4]) != ("\u2014", name, _key_id(name, public)):
            raise HeadSignatureError(f"the tree head is signed by {signer}, not by {name}'s key")
        Ed25519PublicKey.from_public_bytes(public).verify(signature[4:], text.encode())
        origin, size, root, signed_at = text.splitlines()
        if origin != name:
            raise HeadSignatureError(f"the tree head is about {origin}, not about {name}")
        return SignedHead(
            size=int(size),
            root=base64.b64decode(root, validate=True),
            signed_at=datetime.fromisoformat(signed_at.removeprefix("signed_at ")),
            note=note,
            verifier=verifier,
        )
    except InvalidSignature as error:
        raise HeadSignatureError("the tree head's signature is wrong") from error
    except ValueError as error:
        raise HeadSignatureError(f"this is no signed tree head: {error}") from error


def _public_bytes(verifier: str) -> bytes:
    try:
        _, _, encoded = verifier.split("+", 2)
        decoded = base64.b64decode(encoded, validate=True)
    except ValueError as error:
        raise HeadSignatureError(f"{verifier!r} is no public key of the form name+id+base64") from error
    if decoded[:1] != ED25519 or len(decoded) != 33:
        raise HeadSignatureError(f"{verifier!r} is no Ed25519 key")
    return decoded[1:]


def _key_id(name: str, public: bytes) -> bytes:
    return hashlib.sha256(name.encode() + b"\n" + ED25519 + public).digest()[:4]


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode()


def _create(path: Path) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    pem = Ed25519PrivateKey.generate().private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        # another process of this installation was faster
        return
    with os.fdopen(descriptor, "wb") as file:
        file.write(pem)
        file.flush()
        os.fsync(file.fileno())
