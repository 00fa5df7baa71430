"""What a process begins with that was started without standard input, output or error output."""

import io
import os
import sys
from typing import TextIO


def open_standard_streams() -> None:
    """Let those that are closed lead nowhere.

    The next file that is opened would have their number otherwise, and whoever writes to standard error by its number,
    as libraries in C do, would write into that file. Python has no streams for them, either.
    """
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # takes the lowest number that is free: this one
    sys.stdin = sys.stdin or _nowhere(0, "r")
    sys.stdout = sys.stdout or _nowhere(1, "w")
    sys.stderr = sys.stderr or _nowhere(2, "w")


def _nowhere(number: int, mode: str) -> TextIO:
    raw = io.FileIO(number, mode, closefd=False)
    return io.TextIOWrapper(raw, encoding="utf-8", errors="replace", write_through=True)
