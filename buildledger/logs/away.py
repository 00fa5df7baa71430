"""Telling a disk that can't be used for the moment from contents that are damaged."""

from __future__ import annotations

import sqlite3

_AWAY = frozenset(
    {
        sqlite3.SQLITE_BUSY,
        sqlite3.SQLITE_CANTOPEN,
        sqlite3.SQLITE_FULL,
        sqlite3.SQLITE_INTERRUPT,
        sqlite3.SQLITE_IOERR,
        sqlite3.SQLITE_LOCKED,
        sqlite3.SQLITE_NOMEM,
        sqlite3.SQLITE_PROTOCOL,
        sqlite3.SQLITE_READONLY,
    }
)
_PRIMARY_CODE = 0xFF
_OF_THE_CONTENTS = (FileNotFoundError, IsADirectoryError, NotADirectoryError)


def is_away(error: BaseException) -> bool:
    """Whether it may be read or written later: full, locked, out of descriptors, an input or output error.

    What is missing, cut or something else than was written stays so.
    """
    if isinstance(error, sqlite3.Error):
        return getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR) & _PRIMARY_CODE in _AWAY
    return isinstance(error, OSError) and error.errno is not None and not isinstance(error, _OF_THE_CONTENTS)
