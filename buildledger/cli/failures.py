"""What a failure is called on the command line: one readable line, whatever command it ends."""

from __future__ import annotations

import os
import sys
import traceback

import click

TRACEBACK_VARIABLE = "BUILDLEDGER_TRACEBACK"
"""Where it is set, an error that nobody foresaw is shown as Python shows it."""


def readable(error: Exception) -> click.ClickException:
    """The same, as something that is printed in one line."""
    return click.ClickException(_line(error))


def _line(error: Exception) -> str:
    kind = type(error)
    if isinstance(error, OSError):
        if error.filename:
            return f"{error.filename}: {error.strerror}"
        return f"the output can't be written: {error.strerror}" if was_output(error) else error.strerror or str(error)
    if _is_one_of(error, "eventsourcing.persistence", "PersistenceError") or "sqlite3" in kind.__module__:
        return f"what is stored can't be read or written: {first_line(error)}"
    if "sqlalchemy" in kind.__module__ or "psycopg" in kind.__module__:
        return f"the database can't be used: {first_line(getattr(error, 'orig', None) or error)}"
    if kind.__module__.startswith("buildledger."):
        return str(error) or kind.__name__
    return (
        f"{kind.__name__}: {first_line(error)}. Nobody foresaw this: it is a fault of Build Ledger."
        f" With {TRACEBACK_VARIABLE}=1 the same command says where"
    )


def was_output(error: Exception) -> bool:
    """Whether it came of printing something, and not of what the command works on."""
    return any(frame.f_code is click.echo.__code__ for frame, _ in traceback.walk_tb(error.__traceback__))


def wants_traceback() -> bool:
    """Whether somebody looks for a fault of ours."""
    return bool(os.environ.get(TRACEBACK_VARIABLE))


def _is_one_of(error: Exception, module: str, name: str) -> bool:
    """Without importing what isn't loaded: what was raised has been."""
    loaded = sys.modules.get(module)
    return loaded is not None and isinstance(error, getattr(loaded, name))


def first_line(error: object) -> str:
    """Without what a database adds: hints, statements."""
    return (str(error) or type(error).__name__).split("\n")[0]
