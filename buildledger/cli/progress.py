"""One line on a terminal that says how far something is; nothing where nobody looks."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import click

INTERVAL_SECONDS = 0.2


@contextmanager
def progress_line(what: str, total: int) -> Iterator[Callable[[int], None]]:
    """Gives a function to call with how many are done; the line is gone at the end."""
    if not sys.stderr.isatty():
        yield lambda done: None
        return
    last = 0.0

    def tell(done: int) -> None:
        nonlocal last
        if time.monotonic() - last >= INTERVAL_SECONDS:
            last = time.monotonic()
            click.echo(f"\r{done:,} of {total:,} {what}", err=True, nl=False)

    try:
        yield tell
    finally:
        click.echo("\r\x1b[K", err=True, nl=False)
