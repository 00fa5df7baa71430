"""Facts ↔ bytes: JSON by msgspec, one decoder a stored name, so that storage never depends on where a class lives."""

from __future__ import annotations

from typing import Any, Generic, TypeVar

import msgspec

from buildledger.events.catalogue import BY_NAME
from buildledger.events.fact import Fact, Metadata

F = TypeVar("F", bound=Fact)


class UnknownFactError(ValueError):
    """The ledger holds a fact that this version of Build Ledger doesn't know."""

    def __init__(self, name: str) -> None:
        super().__init__(f"the ledger holds a fact named {name!r}, which this version of Build Ledger doesn't know")
        self.name = name


class MalformedFactError(ValueError):
    """Stored bytes are not the fact that their name says."""

    def __init__(self, name: str, cause: str) -> None:
        super().__init__(f"stored bytes are not a {name}: {cause}")
        self.name = name


class Stored(msgspec.Struct, Generic[F], frozen=True):
    """The stored form: what happened beside who and why."""

    fact: F
    meta: Metadata


_encoder = msgspec.json.Encoder()
_decoders: dict[str, msgspec.json.Decoder[Any]] = {
    name: msgspec.json.Decoder(Stored[cls])  # type: ignore[valid-type]
    for name, cls in BY_NAME.items()
}


def encode(fact: Fact, meta: Metadata) -> bytes:
    """The bytes that are stored, hashed and proven; about a microsecond each."""
    return _encoder.encode(Stored(fact=fact, meta=meta))


def decode(name: str, data: bytes) -> tuple[Fact, Metadata]:
    """The fact in its newest version, with its metadata.

    Raises:
        UnknownFactError
        MalformedFactError
    """
    decoder = _decoders.get(name)
    if decoder is None:
        raise UnknownFactError(name)
    try:
        stored = decoder.decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise MalformedFactError(name, str(error)) from error
    return newest(stored.fact), stored.meta


def newest(fact: Fact) -> Fact:
    """`fact` in its newest version, upcast version by version."""
    while (raised := fact.upcast()) is not fact:
        fact = raised
    return fact
