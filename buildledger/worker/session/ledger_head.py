"""The newest head of the server's ledger, kept here so that a server whose ledger went back is noticed."""

import logging
from pathlib import Path

from buildledger.grpc_protos.worker.v1 import worker_pb2 as pb
from buildledger.worker.contract.directory import write_private

_log = logging.getLogger(__name__)


class LedgerHeadFile:
    """A file `POSITION DIGEST`, the digest in hex; the head of a ledger that went back is kept beside it."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self.kept = _read(path)
        """None: no server has given any yet."""

    def welcomed(self, welcome: pb.Welcome) -> None:
        """Keep the head that a session begins with; say so if the server's ledger isn't the one it was."""
        kept, given = self.kept, welcome.ledger_head
        went_back = kept is not None and 0 < given.position < kept.position
        if kept is not None and (welcome.ledger_contradicted or went_back):
            aside = self._path.with_name(f"{self._path.name}.contradicted")
            _log.error(
                "the server's ledger went back, or was altered: it doesn't hold what it held at position %d,"
                " and now ends at %d; what it was is kept in %s",
                kept.position,
                given.position,
                aside,
            )
            try:
                self._path.replace(aside)
            except OSError as error:
                _log.error("the former head can't be kept: %s", error)
            self.kept = None
        self.told(given)

    def told(self, head: pb.LedgerHead) -> None:
        """Keep a head if it is newer than the one that is kept."""
        if head.position <= (0 if self.kept is None else self.kept.position):
            return
        self.kept = head
        temporary = self._path.with_suffix(".new")
        try:
            write_private(temporary, f"{head.position} {head.digest.hex()}\n")
            temporary.replace(self._path)
        except OSError as error:
            _log.error("the ledger's head can't be stored: %s", error)


def _read(path: Path) -> pb.LedgerHead | None:
    try:
        position, digest = path.read_text(encoding="ascii").split()
        return pb.LedgerHead(position=int(position), digest=bytes.fromhex(digest))
    except (FileNotFoundError, ValueError):
        return None
