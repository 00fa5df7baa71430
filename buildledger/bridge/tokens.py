"""Enrollment tokens for workers that attach for the first time."""

import logging

import httpx

from buildledger.bridge.accounts import Account
from buildledger.bridge.settings import BridgeSettings

_CALL_SECONDS = 30.0
_LIFE_SECONDS = 300

_log = logging.getLogger(__name__)


class TokenSource:
    """Takes a worker's token from the file of workers, else asks the server's API for one as an administrator."""

    def __init__(self, settings: BridgeSettings) -> None:
        self._api = settings.api
        self._admin_token_file = settings.admin_token_file

    async def draw(self, account: Account) -> str | None:
        """A token for this worker; None if there is no source, or it fails (which the log tells)."""
        if account.enrollment_token is not None:
            return account.enrollment_token
        if self._api is None or self._admin_token_file is None:
            return None
        try:
            token = self._admin_token_file.read_text(encoding="utf-8").strip()
            async with httpx.AsyncClient(timeout=_CALL_SECONDS) as client:
                answer = await client.post(
                    f"{self._api.rstrip('/')}/api/v1/enrollment-tokens",
                    json={"worker": account.name, "life_seconds": _LIFE_SECONDS},
                    headers={"Authorization": f"Bearer {token}"},
                )
            drawn = answer.json()
            if not answer.is_success:
                _log.error("no enrollment token: %s", drawn.get("detail", answer.status_code))
                return None
            return str(drawn["token"])
        except (OSError, UnicodeDecodeError, ValueError, KeyError, httpx.HTTPError) as error:
            _log.error("no enrollment token: %s", error or type(error).__name__)
            return None
