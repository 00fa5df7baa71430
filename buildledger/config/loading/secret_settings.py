"""The section `secrets` as the server uses it: files absolute, the address checked."""

from __future__ import annotations

from pathlib import Path
from typing import assert_never

from buildledger.config.models import secret_models as models
from buildledger.config.reading.document import Document
from buildledger.config.secrets.settings import (
    Secrets,
    Vault,
    VaultLogin,
    VaultPlace,
)

TIMEOUT_SECONDS_MAX = 60.0
"""Of a request to Vault: a worker waits for it."""


def resolve(document: Document, model: models.SecretsModel | None, directory: Path) -> Secrets:
    """The settings of a section; the document has the problems."""
    match model:
        case None:
            return Secrets()
        case models.FileSecretsModel():
            return Secrets(provider="file", path=_absolute(directory, model.path))
        case models.EnvironmentSecretsModel():
            return Secrets(provider="env", prefix=model.prefix)
        case models.VaultSecretsModel():
            return Secrets(provider="vault", vault=_vault(document, model, directory))
        case _:
            assert_never(model)


def _vault(document: Document, model: models.VaultSecretsModel, directory: Path) -> Vault:
    if not model.address.startswith(("https://", "http://")):
        message = f"'{model.address}' is no address of a Vault"
        document.add("server", ("secrets", "address"), message, "https://vault.example.org:8200")
    if not 0 < model.timeout <= TIMEOUT_SECONDS_MAX:
        document.add("range", ("secrets", "timeout"), "'timeout' is longer than nothing, and a minute at the most")
    return Vault(
        address=model.address.rstrip("/"),
        login=_login(model.login, directory),
        mount=model.mount.strip("/"),
        version=model.version,
        path=model.path.strip("/"),
        key=model.key,
        places={name: VaultPlace(path=place.path.strip("/"), key=place.key) for name, place in model.places.items()},
        namespace=model.namespace,
        ca=None if model.ca is None else _absolute(directory, model.ca),
        timeout_seconds=model.timeout,
    )


def _login(model: models.LoginModel, directory: Path) -> VaultLogin:
    match model:
        case models.TokenLogin():
            return VaultLogin(method="token", file=_absolute(directory, model.token_file))
        case models.AppRoleLogin(approle=role):
            file = _absolute(directory, role.secret_id_file)
            return VaultLogin(method="approle", file=file, role=role.role_id, mount=role.mount.strip("/"))
        case models.KubernetesLogin(kubernetes=kubernetes):
            file = _absolute(directory, kubernetes.token_file)
            return VaultLogin(method="kubernetes", file=file, role=kubernetes.role, mount=kubernetes.mount.strip("/"))
        case _:
            assert_never(model)


def _absolute(directory: Path, path: str) -> str:
    return str((directory / path).resolve())
