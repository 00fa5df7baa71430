"""What is in all files of a directory in which somebody still works."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path


def files_in(directory: Path) -> Iterator[tuple[Path, bytes]]:
    """Each file and its bytes; one that goes away meanwhile is left out."""
    for folder, _, names in os.walk(directory):
        for name in names:
            path = Path(folder, name)
            try:
                if path.is_file():
                    yield path, path.read_bytes()
            except FileNotFoundError:
                continue
