"""Checkpoints as they are stored: with a digest, so that one that was altered isn't taken for what a follower knew."""

from __future__ import annotations

import hashlib

from buildledger.ledger.store import Checkpoint

MARK = b"checkpoint\x01"
DIGEST_BYTES = 16


class AlteredCheckpointError(Exception):
    """A stored checkpoint isn't what was stored."""


def sealed(name: str, checkpoint: Checkpoint) -> Checkpoint:
    """The checkpoint as it is stored."""
    return checkpoint._replace(state=MARK + _digest(name, checkpoint) + checkpoint.state)


def unsealed(name: str, stored: Checkpoint) -> Checkpoint:
    """What `sealed` took; one that an earlier version has stored comes back as it is.

    Raises:
        AlteredCheckpointError
    """
    if not isinstance(stored.state, bytes):
        raise AlteredCheckpointError(f"the checkpoint of {name} holds no bytes")
    begin = len(MARK) + DIGEST_BYTES
    checkpoint = stored._replace(state=stored.state[begin:])
    fits = stored.state[len(MARK) : begin] == _digest(name, checkpoint)
    if fits and stored.state.startswith(MARK):
        return checkpoint
    if fits or stored.state.startswith(MARK):
        raise AlteredCheckpointError(f"the checkpoint of {name} at position {stored.position} was altered")
    return stored


def _digest(name: str, checkpoint: Checkpoint) -> bytes:
    about = f"{name}\0{checkpoint.version}\0{checkpoint.position}\0".encode()
    return hashlib.blake2b(about + checkpoint.state, digest_size=DIGEST_BYTES).digest()
