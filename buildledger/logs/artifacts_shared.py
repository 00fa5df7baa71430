"""The artifacts of all servers of one ledger: written to this one's store, read wherever they are."""

from __future__ import annotations

from collections.abc import Callable, Generator
from pathlib import Path
from typing import NoReturn, TypeVar

from buildledger.logs.artifacts_local import LocalArtifactStore
from buildledger.logs.elsewhere import AwayError, FileReading, OtherStores, StoredElsewhereError

Answer = TypeVar("Answer")


class SharedArtifactStore(LocalArtifactStore):
    """Asks the other servers for files that this machine doesn't have. Thread-safe.

    Whatever reads raises `StoredElsewhereError` if a server that may have the file doesn't answer.
    """

    def __init__(self, directory: Path, total_bytes: int | None, others: OtherStores) -> None:
        super().__init__(directory, total_bytes, others)
        self._servers = others

    def has(self, sha256: str) -> bool:
        """See `ArtifactStore.has`; a file that only a server has that is away counts as missing."""
        if super().has(sha256):
            return True
        return self._first_of(sha256, lambda files: files.has(sha256) or None)[0] is not None

    def size_bytes(self, sha256: str) -> int:
        """See `ArtifactStore.size_bytes`."""
        if super().has(sha256):
            return super().size_bytes(sha256)
        return self._asked(sha256, lambda files: files.size_bytes(sha256))

    def check(self, sha256: str) -> None:
        """See `ArtifactStore.check`; a file of another server is checked there."""
        if super().has(sha256):
            super().check(sha256)
        else:
            self._asked(sha256, lambda files: files.check(sha256))

    def read(self, sha256: str, offset: int = 0) -> Generator[bytes]:
        """See `ArtifactStore.read`."""
        if super().has(sha256):
            yield from super().read(sha256, offset)
            return
        there = self._asked(sha256, lambda files: files if files.has(sha256) else _missing(sha256))
        try:
            yield from there.read(sha256, offset)
        except AwayError as error:
            raise StoredElsewhereError(f"artifact {sha256}", [str(error)]) from None

    def _asked(self, sha256: str, ask: Callable[[FileReading], Answer]) -> Answer:
        """What the first server says that has the file.

        Raises:
            FileNotFoundError: None has it.
            StoredElsewhereError: One that may have it can't be asked.
        """

        def answer(files: FileReading) -> tuple[Answer] | None:
            try:
                return (ask(files),)
            except FileNotFoundError:
                return None

        found, away = self._first_of(sha256, answer)
        if found is not None:
            return found[0]
        if elsewhere := [*self._servers.unreadable().values(), *away]:
            raise StoredElsewhereError(f"artifact {sha256}", elsewhere)
        return _missing(sha256)

    def _first_of(self, sha256: str, ask: Callable[[FileReading], Answer | None]) -> tuple[Answer | None, list[str]]:
        """The first answer that isn't None, and why servers don't answer."""
        self._own_path(sha256)
        away = []
        for peer in self._servers.peers():
            try:
                answer = ask(peer.files)
            except AwayError as error:
                away.append(str(error))
            else:
                if answer is not None:
                    return answer, away
        return None, away


def _missing(sha256: str) -> NoReturn:
    raise FileNotFoundError(f"artifact {sha256} is on no server")
