"""Keyset paging: a cursor says after which key to go on, so that pages neither skip nor repeat while the list grows."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

import msgspec

from buildledger.api.http.problems import BadCursor

T = TypeVar("T")


def cursor_of(listing: str, *key: str | int) -> str:
    """The cursor behind the item with this key, for the list of that name."""
    return base64.urlsafe_b64encode(msgspec.json.encode((listing, *key))).decode().rstrip("=")


def key_of(listing: str, cursor: str | None, *types: type[str] | type[int]) -> tuple[Any, ...] | None:
    """The key in a cursor; None for the first page.

    Raises:
        BadCursor: this list didn't give it.
    """
    if cursor is None:
        return None
    try:
        parts = msgspec.json.decode(base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4)))
    except (binascii.Error, msgspec.DecodeError, UnicodeDecodeError, ValueError):
        raise BadCursor from None
    if not isinstance(parts, list) or len(parts) != 1 + len(types) or parts[0] != listing:
        raise BadCursor
    key = tuple(parts[1:])
    if any(type(part) is not kind for part, kind in zip(key, types, strict=True)):
        raise BadCursor
    if any(isinstance(part, int) and not -(2**63) <= part < 2**63 for part in key):
        raise BadCursor
    return key


def page(rows: Sequence[T], limit: int, cursor_behind: Callable[[T], str]) -> tuple[Sequence[T], str | None]:
    """The rows of this page, from a query for one more than `limit`; and the cursor of the next if there is one."""
    if len(rows) <= limit:
        return rows, None
    return rows[:limit], cursor_behind(rows[limit - 1])
