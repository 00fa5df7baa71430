"""Masks a secret only where it comes in one piece."""

from buildledger.slave_grpc.agent.__main__ import main
from buildledger.slave_grpc.agent.masking import MASK, Masker


def unsound(self: Masker, data: bytes) -> bytes:
    return self._pattern.sub(MASK, data) if self._pattern is not None else data


Masker.feed = unsound  # type: ignore[method-assign]
main()
