"""Run tokens: each lets one run, and nothing else, read and write its files.

A token is a run's id, attempt and fence with a MAC by the installation's key, so it is stored nowhere and survives a
restart of the server. Whether the run is still open is checked at each use: the token of an ended run is worthless.
"""

import hmac
from collections.abc import Iterable
from hashlib import sha256
from typing import Final
from uuid import UUID

from buildledger.events.ids import OperationId

METADATA_KEY = "buildledger-run-token"
_PURPOSE = b"buildledger run token 1"
_TEXT_MAX_CHARACTERS = 256


class RunTokens:
    """Issues and checks run tokens, with a key derived from the installation's secret."""

    def __init__(self, installation_key: bytes) -> None:
        self._key: Final = hmac.new(installation_key, _PURPOSE, sha256).digest()

    def issue(self, run: OperationId, attempt: int, fence: int) -> str:
        """The token of a run's attempt; the same each time."""
        statement = f"{run}.{attempt}.{fence}"
        return f"{statement}.{self._mac(statement)}"

    def run_of(self, token: str) -> tuple[OperationId, int, int] | None:
        """Run, attempt and fence that the token was issued for; None for any other text."""
        statement, _, mac = token.rpartition(".")
        if len(token) > _TEXT_MAX_CHARACTERS or not token.isascii():
            return None
        if not hmac.compare_digest(mac, self._mac(statement)):
            return None
        run, attempt, fence = statement.split(".")
        return OperationId(UUID(run)), int(attempt), int(fence)

    def _mac(self, statement: str) -> str:
        return hmac.new(self._key, statement.encode(), sha256).hexdigest()


def run_token_of(metadata: Iterable[tuple[str, str | bytes]] | None) -> str | None:
    """The run token in a call's metadata."""
    for key, value in metadata or ():
        if key == METADATA_KEY:
            return value.decode("utf-8", "replace") if isinstance(value, bytes) else value
    return None
