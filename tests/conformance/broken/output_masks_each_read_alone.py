"""Masks a secret only where it comes in one piece."""

from buildledger.worker.command_line import main
from buildledger.worker.masking.masker import Masker

sound = Masker.feed


def unsound(self: Masker, data: bytes) -> bytes:
    return sound(self, data) + self.finish()


Masker.feed = unsound  # type: ignore[method-assign]
main()
