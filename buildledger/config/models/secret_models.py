"""The file format: `secrets`, and what each provider of them needs to know."""

# ruff: noqa: RUF012 - pydantic copies mutable defaults

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from buildledger.config import limits
from buildledger.config.fields.field_types import Duration, Name, Text
from buildledger.config.fields.strict import Strict, choose
from buildledger.config.secrets.settings import DEFAULT_PREFIX


class FileSecretsModel(Strict):
    """One file a secret, in a directory of the server."""

    provider: Literal["file"]
    """`file`: one file a secret, named as the secret."""
    path: Text
    """The directory, absolute or relative to the configuration file."""


class EnvironmentSecretsModel(Strict):
    """Variables of the server's environment."""

    provider: Literal["env"]
    """`env`: variables of the server's environment."""
    prefix: Text = DEFAULT_PREFIX
    """What stands before a secret's name: `staging-db` is `BUILDLEDGER_SECRET_STAGING_DB`."""


class TokenLogin(Strict):
    """The server shows a token that somebody else keeps fresh, such as Vault's agent."""

    token_file: Text
    """The file that holds it, read again for each secret."""


class AppRole(Strict):
    """An AppRole."""

    role_id: Text
    """Which one; it is no secret."""
    secret_id_file: Text
    """The file that holds its secret id."""
    mount: Text = "approle"
    """Where the sign-in method is mounted."""


class AppRoleLogin(Strict):
    """The server signs in as a machine."""

    approle: AppRole
    """The AppRole it has."""


class KubernetesRole(Strict):
    """A role of Vault's sign-in by Kubernetes."""

    role: Text
    """Which one."""
    token_file: Text = "/var/run/secrets/kubernetes.io/serviceaccount/token"  # noqa: S105 - a path
    """The token of the pod's service account."""
    mount: Text = "kubernetes"
    """Where the sign-in method is mounted."""


class KubernetesLogin(Strict):
    """The server signs in with the service account of its pod."""

    kubernetes: KubernetesRole
    """The role it has."""


LoginModel = TokenLogin | AppRoleLogin | KubernetesLogin


class PlaceModel(Strict):
    """Where one secret stands that isn't found by its name."""

    path: Text
    """Below the mount."""
    key: Text
    """Which of the keys there."""


class VaultSecretsModel(Strict):
    """The key-value store of HashiCorp Vault, or of OpenBao."""

    provider: Literal["vault"]
    """`vault`: the key-value store of a Vault."""
    address: Text
    """`https://vault.example.org:8200`."""
    login: Annotated[
        LoginModel,
        choose(
            None,
            {"token_file": TokenLogin, "approle": AppRoleLogin, "kubernetes": KubernetesLogin},
            unbuilt=frozenset(),
            what="sign-in",
        ),
    ]
    """How the server signs in: `token_file`, `approle` or `kubernetes`."""
    mount: Text = "secret"
    """Where the key-value store is mounted."""
    version: Literal[1, 2] = 2
    """Of the key-value store."""
    path: Text = ""
    """A folder below the mount; the secret `staging-db` stands at `<mount>/<path>/staging-db`."""
    key: Text = "value"
    """Which of the keys there holds the value."""
    places: Annotated[dict[Name, PlaceModel], Field(max_length=limits.SECRET_PLACES)] = {}
    """Secrets that stand elsewhere, by their names: `{db-password: {path: databases/main, key: password}}`."""
    namespace: Text | None = None
    """Of Vault Enterprise and OpenBao."""
    ca: Text | None = None
    """A PEM file with the issuers of its certificate; by default those that the machine trusts."""
    timeout: Duration = 5.0
    """Of each request; a minute at the most."""


SecretsModel = FileSecretsModel | EnvironmentSecretsModel | VaultSecretsModel
Secrets = Annotated[
    SecretsModel,
    choose(
        "provider",
        {"file": FileSecretsModel, "env": EnvironmentSecretsModel, "vault": VaultSecretsModel},
        unbuilt=frozenset(),
        what="provider",
    ),
]
