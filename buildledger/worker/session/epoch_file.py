"""The epoch of the last session, kept so that a server that is behind is recognised also after a restart."""

import logging
from pathlib import Path

from buildledger.worker.contract.directory import write_private

_log = logging.getLogger(__name__)


class EpochFile:
    """A file with a number."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def read(self) -> int:
        """The epoch that is kept; 0 if there is none."""
        try:
            return int(self._path.read_text(encoding="ascii"))
        except (FileNotFoundError, ValueError):
            return 0

    def write(self, epoch: int) -> None:
        """Keep the epoch of a session that was established; a disk that refuses it ends no session."""
        temporary = self._path.with_suffix(".new")
        try:
            write_private(temporary, str(epoch))
            temporary.replace(self._path)
        except OSError as error:
            _log.error("the epoch can't be stored: %s", error)
