"""Reads the events that a supervisor appends to a file."""

import json
from pathlib import Path
from typing import Any


class EventReader:
    """Reads one `events` file from its beginning on, each event once."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._bytes_read = 0

    def new_events(self) -> list[dict[str, Any]]:
        """Events that were written since the last call, oldest first; none while there is no file.

        Raises:
            OSError: the file can't be read.
        """
        try:
            with self._path.open("rb") as file:
                file.seek(self._bytes_read)
                lines = file.read()
        except FileNotFoundError:
            return []
        # The last line may be half written.
        whole = lines[: lines.rfind(b"\n") + 1]
        self._bytes_read += len(whole)
        return [json.loads(line) for line in whole.splitlines()]
