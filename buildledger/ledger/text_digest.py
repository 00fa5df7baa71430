"""The digest by which a fact names a text in the vault: only that text, with its own key, comes to it.

It is keyed with the text's own random key. So whoever holds all keys can't put another text in its place, and once the
key is destroyed nobody can find out by guessing what the text was.
"""

from __future__ import annotations

import hashlib
import hmac
from uuid import UUID

LABEL = b"buildledger vault text\0"
"""Keeps these digests apart from whatever else is made with such a key."""


def text_digest(key: bytes, word_id: UUID, data: bytes) -> str:
    """In hex; `data` is the text as it is sealed."""
    return hmac.new(key, LABEL + word_id.bytes + data, hashlib.sha256).hexdigest()
