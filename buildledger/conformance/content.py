"""Bytes of any size that need no room: what blobs hold and what commands write.

A *pattern* of a given size and seed is the same bytes in the kit and in its helper program; no two of its blocks are
equal, so that a lost, doubled or exchanged part changes the digest.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from buildledger.conformance.helper import pattern_blocks

_ZEROS = bytes(1 << 20)


@dataclass(frozen=True)
class Content:
    """What a blob or an output consists of: bytes as they are, a pattern, or zeros."""

    literal: bytes = b""
    pattern_bytes: int = 0
    seed: int = 0
    zero_bytes: int = 0

    @property
    def size(self) -> int:
        """How many bytes."""
        return len(self.literal) + self.pattern_bytes + self.zero_bytes

    def blocks(self) -> Iterator[bytes]:
        """All bytes in order."""
        if self.literal:
            yield self.literal
        yield from pattern_blocks(self.pattern_bytes, self.seed)
        for start in range(0, self.zero_bytes, len(_ZEROS)):
            yield _ZEROS[: self.zero_bytes - start]

    def read(self, offset: int, part_bytes: int) -> Iterator[bytes]:
        """All bytes from an offset on, in parts."""
        for block in self.blocks():
            if offset >= len(block):
                offset -= len(block)
                continue
            for start in range(offset, len(block), part_bytes):
                yield block[start : start + part_bytes]
            offset = 0

    @cached_property
    def sha256(self) -> bytes:
        """Digest of all bytes."""
        summed = hashlib.sha256()
        for block in self.blocks():
            summed.update(block)
        return summed.digest()
