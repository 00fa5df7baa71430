"""Secrets in the key-value store of Vault (or of OpenBao, which speaks the same), by the library hvac."""

from __future__ import annotations

import threading
import time
from pathlib import Path
from typing import Any

import hvac
import requests
from hvac import exceptions

from buildledger.config.reading.given_files import read_file
from buildledger.config.secrets.provider import (
    SecretRefusedError,
    SecretsUnreachableError,
    SecretUnavailableError,
    checked,
)
from buildledger.config.secrets.settings import Vault, VaultLogin, VaultPlace

AWAY_SECONDS = 2.0
"""After a request that couldn't be answered nobody asks for so long: those who wait for it block threads."""
REFUSED_SECONDS = 60.0
"""What was refused at a sign-in isn't shown again for so long, unless it has changed: Vault locks roles out."""
FRESH_SECONDS = 10.0
"""A token that is younger was hardly revoked, unless Vault says so: what it refuses isn't for the server."""
TOKEN_PART = 0.8
"""Of a token's life it is used; then the server signs in again."""
CREDENTIAL_BYTES = 65_536
"""Of a file with a token or an AppRole's secret id."""


class VaultSecrets:
    """Reads secrets from Vault. Thread-safe; each read is one request, and signing in is another now and then."""

    def __init__(self, settings: Vault, away_seconds: float = AWAY_SECONDS) -> None:
        self._settings = settings
        self._away_seconds = away_seconds
        self._lock = threading.Lock()
        self._away_until = 0.0
        self._away_reason = ""
        self._token = ""
        self._token_until = 0.0
        self._signed_in_at = 0.0
        self._refused = ""
        """The credential that Vault refused last."""
        self._refused_until = 0.0
        self._refused_reason = ""

    def read(self, name: str) -> str:
        """See `SecretProvider`."""
        place = self._place(name)
        found = self._asked(name, place)
        if place.key not in found:
            raise SecretUnavailableError(
                f"secret '{name}': {self.place(name)}: there is no such key, but {', '.join(sorted(found)) or 'none'}"
            )
        value = found[place.key]
        if not isinstance(value, str):
            raise SecretUnavailableError(f"secret '{name}': {self.place(name)} isn't text")
        return checked(name, value.encode())

    def place(self, name: str) -> str:
        """See `SecretProvider`."""
        place = self._place(name)
        return f"the key '{place.key}' of {self._settings.mount}/{place.path} in Vault at {self._settings.address}"

    def _place(self, name: str) -> VaultPlace:
        folder = f"{self._settings.path}/" if self._settings.path else ""
        return self._settings.places.get(name) or VaultPlace(path=f"{folder}{name}", key=self._settings.key)

    def _asked(self, name: str, place: VaultPlace) -> dict[str, Any]:
        """What stands at a path."""
        self._check_that_it_is_there()
        try:
            return self._read(place.path)
        except exceptions.InvalidPath as error:
            raise SecretUnavailableError(f"secret '{name}': {self.place(name)}: {_absence(error)}") from error
        except (exceptions.Forbidden, exceptions.Unauthorized, exceptions.InvalidRequest) as error:
            raise SecretRefusedError(f"secret '{name}': {self.place(name)}: refused: {_said(error)}") from error
        except (exceptions.VaultError, requests.RequestException, KeyError, TypeError, ValueError) as error:
            self._away_reason = f"Vault at {self._settings.address} {_trouble(error)}"
            self._away_until = time.monotonic() + self._away_seconds
            raise SecretsUnreachableError(self._away_reason) from error

    def _check_that_it_is_there(self) -> None:
        if time.monotonic() < self._away_until:
            raise SecretsUnreachableError(self._away_reason)

    def _read(self, path: str) -> dict[str, Any]:
        client = self._client()
        try:
            return self._content(client, path)
        except (exceptions.Forbidden, exceptions.Unauthorized) as error:
            if not self._may_be_revoked(client.token, error):
                raise
            return self._content(self._client(), path)

    def _may_be_revoked(self, token: str, error: exceptions.VaultError) -> bool:
        """Whether a token may be good no more before its time; the next client signs in then."""
        if self._settings.login.method == "token":
            return False
        with self._lock:
            is_fresh = time.monotonic() < self._signed_in_at + FRESH_SECONDS
            if token == self._token and is_fresh and "invalid token" not in _said(error):
                return False
            if token == self._token:
                self._token_until = 0.0
        return True

    def _content(self, client: hvac.Client, path: str) -> dict[str, Any]:
        mount = self._settings.mount
        if self._settings.version == 1:
            answer = client.secrets.kv.v1.read_secret(path, mount_point=mount)
            found = answer["data"]
        else:
            answer = client.secrets.kv.v2.read_secret_version(path, mount_point=mount, raise_on_deleted_version=True)
            found = answer["data"]["data"]
        if not isinstance(found, dict):
            raise TypeError
        return found

    def _client(self) -> hvac.Client:
        """A client that is signed in."""
        settings = self._settings
        client = hvac.Client(
            url=settings.address,
            token="",
            verify=settings.ca or True,
            timeout=settings.timeout_seconds,
            namespace=settings.namespace,
        )
        if settings.login.method == "token":
            client.token = _credential(settings.login.file)
            return client
        with self._lock:
            self._check_that_it_is_there()  # somebody else may have found out while this one waited
            if time.monotonic() >= self._token_until:
                self._sign_in(client, settings.login)
            client.token = self._token
        return client

    def _sign_in(self, client: hvac.Client, login: VaultLogin) -> None:
        credential = _credential(login.file)
        if credential == self._refused and time.monotonic() < self._refused_until:
            raise SecretsUnreachableError(self._refused_reason)
        method = client.auth.approle if login.method == "approle" else client.auth.kubernetes
        try:
            answer = method.login(login.role, credential, use_token=False, mount_point=login.mount)
        except (exceptions.Forbidden, exceptions.Unauthorized, exceptions.InvalidRequest) as error:
            self._refused, self._refused_until = credential, time.monotonic() + REFUSED_SECONDS
            where = f"role '{login.role}' at {login.mount}, with what {login.file} has"
            self._refused_reason = (
                f"Vault at {self._settings.address} doesn't let the server in ({where}): {_said(error)}"
            )
            raise SecretsUnreachableError(self._refused_reason) from error
        signed_in = answer["auth"]
        self._token = str(signed_in["client_token"])
        # A life of 0 is one without an end.
        life_seconds = float(signed_in["lease_duration"]) or float("inf")
        self._signed_in_at = time.monotonic()
        self._token_until = self._signed_in_at + life_seconds * TOKEN_PART


def _credential(file: str) -> str:
    """What stands in a file, without white space around it."""
    try:
        text = read_file(Path(file), CREDENTIAL_BYTES, pipe_seconds=0.0).decode().strip()
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "is no text"
        raise SecretsUnreachableError(f"the server can't sign in to Vault: {file}: {reason}") from error
    if not text:
        raise SecretsUnreachableError(f"the server can't sign in to Vault: {file} is empty")
    return text


def _absence(error: exceptions.InvalidPath) -> str:
    answer = error.json if isinstance(error.json, dict) else {}
    data = answer.get("data")
    metadata = data.get("metadata") if isinstance(data, dict) else None
    if isinstance(metadata, dict):
        return "its newest version was destroyed" if metadata.get("destroyed") else "its newest version was deleted"
    return "there is nothing there"


def _said(error: exceptions.VaultError) -> str:
    """The reasons that Vault gives, on one line."""
    errors = error.errors if isinstance(error.errors, list) else [error.errors or error.text or type(error).__name__]
    return "; ".join(" ".join(str(each).split()) for each in errors)


def _trouble(error: Exception) -> str:
    match error:
        case exceptions.VaultDown():
            return "is sealed or on standby"
        case exceptions.VaultError():
            return f"answered {_said(error)}"
        case requests.exceptions.SSLError():
            return "shows a certificate that isn't trusted: say by 'ca' whom to trust"
        case requests.exceptions.Timeout():
            return "doesn't answer in time"
        case requests.exceptions.ConnectionError():
            return "can't be reached"
        case requests.exceptions.RequestException():
            return f"can't be asked: {type(error).__name__}"
        case _:
            return "answers as Vault doesn't: is it another server?"
