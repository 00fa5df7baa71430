"""Masks a secret only where it comes in one piece."""

from buildledger.slave_grpc.agent.__main__ import main
from buildledger.slave_grpc.agent.masking import Masker

sound = Masker.feed


def unsound(self: Masker, data: bytes) -> bytes:
    return sound(self, data) + self.finish()


Masker.feed = unsound  # type: ignore[method-assign]
main()
