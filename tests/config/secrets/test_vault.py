"""Secrets of Vault, read over HTTP from what speaks its documented API (tests/fakes/vault.py)."""

from __future__ import annotations

import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from buildledger.config.secrets.provider import SecretRefusedError, SecretsUnreachableError, SecretUnavailableError
from buildledger.config.secrets.settings import Vault, VaultLogin, VaultPlace
from buildledger.config.secrets.vault import VaultSecrets
from buildledger.testing.configuration import load_text
from tests.config.texts import messages
from tests.fakes.vault import ROOT_TOKEN, FakeVault, fake_vault


@pytest.fixture
def vault() -> Iterator[FakeVault]:
    """A server with one secret of version 2."""
    with fake_vault() as running:
        running.secrets["secret/data/ci/pypi"] = {"value": "pypi-AgEIcHlwaS5vcmc", "note": "x"}
        yield running


@pytest.fixture
def token(tmp_path: Path) -> VaultLogin:
    """A sign-in by a token in a file."""
    file = tmp_path / "token"
    file.write_text(f"{ROOT_TOKEN}\n")
    return VaultLogin(method="token", file=str(file))


def secrets(vault: FakeVault, login: VaultLogin, **settings: Any) -> VaultSecrets:
    """A provider that never takes the server for being away longer than it is."""
    defaults: dict[str, Any] = {"path": "ci", "timeout_seconds": 2.0}
    return VaultSecrets(Vault(address=vault.address, login=login, **{**defaults, **settings}), away_seconds=0.0)


def test_a_secret_is_found_by_its_name(vault: FakeVault, token: VaultLogin) -> None:
    """Below the folder, under the key `value`; another key and another place are said in the settings."""
    vault.secrets["secret/data/databases/main"] = {"password": "correct horse"}
    places = {"db": VaultPlace(path="databases/main", key="password")}
    assert secrets(vault, token).read("pypi") == "pypi-AgEIcHlwaS5vcmc"
    assert secrets(vault, token, key="note").read("pypi") == "x"
    assert secrets(vault, token, places=places).read("db") == "correct horse"


def test_the_first_version_of_the_store(vault: FakeVault, token: VaultLogin) -> None:
    """Has no versions of a secret, and other paths."""
    vault.secrets["kv/pypi"] = {"value": "pypi-of-version-1"}
    assert secrets(vault, token, mount="kv", version=1, path="").read("pypi") == "pypi-of-version-1"


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("nope", None, "the key 'value' of secret/ci/nope in Vault at .*: there is nothing there"),
        ("a", {"password": "x", "user": "y"}, "there is no such key, but password, user"),
        ("a", {"value": 5}, "isn't text"),
        ("a", {"value": ""}, "is empty"),
    ],
)
def test_what_is_not_there_is_named(
    vault: FakeVault, token: VaultLogin, name: str, content: dict[str, Any] | None, message: str
) -> None:
    """With its place, and without a value."""
    if content is not None:
        vault.secrets[f"secret/data/ci/{name}"] = content
    with pytest.raises(SecretUnavailableError, match=message):
        secrets(vault, token).read(name)


def test_a_deleted_version_is_named_as_that(vault: FakeVault, token: VaultLogin) -> None:
    """It can be undeleted."""
    vault.deleted.add("secret/data/ci/pypi")
    with pytest.raises(SecretUnavailableError, match="its newest version was deleted"):
        secrets(vault, token).read("pypi")


def test_a_token_that_is_not_taken(vault: FakeVault, token: VaultLogin, tmp_path: Path) -> None:
    """Is said in Vault's words, on one line; a file that isn't there by its name; a new token is read at once."""
    provider = secrets(vault, token)
    Path(token.file).write_text("hvs.expired")
    with pytest.raises(SecretRefusedError, match=r"refused: 2 errors occurred: \* permission denied \* invalid token$"):
        provider.read("pypi")
    Path(token.file).unlink()
    with pytest.raises(SecretsUnreachableError, match=rf"can't sign in to Vault: {tmp_path}/token: No such file"):
        provider.read("pypi")
    Path(token.file).write_text(ROOT_TOKEN)
    assert provider.read("pypi")


def test_approle_signs_in_once_and_again_when_its_token_is_over(vault: FakeVault, tmp_path: Path) -> None:
    """Also before its time, when Vault no longer takes the token: nobody who reads notices."""
    (tmp_path / "id").write_text("s3cret-id")
    vault.logins["auth/approle/login"] = ({"role_id": "ci", "secret_id": "s3cret-id"}, 3600)
    approle = VaultLogin(method="approle", role="ci", file=str(tmp_path / "id"), mount="approle")
    provider = secrets(vault, approle)
    assert [provider.read("pypi") for _ in range(3)] == ["pypi-AgEIcHlwaS5vcmc"] * 3
    assert vault.requests.count("auth/approle/login") == 1
    vault.tokens.clear()
    assert provider.read("pypi") == "pypi-AgEIcHlwaS5vcmc"
    assert vault.requests.count("auth/approle/login") == 2


def test_what_a_sign_in_was_refused_with_is_not_shown_again(vault: FakeVault, tmp_path: Path) -> None:
    """Vault locks out a role after a few of them; as soon as something else stands in the file it is tried."""
    (tmp_path / "id").write_text("over")
    vault.logins["auth/approle/login"] = ({"role_id": "ci", "secret_id": "s3cret-id"}, 3600)
    provider = secrets(vault, VaultLogin(method="approle", role="ci", file=str(tmp_path / "id"), mount="approle"))
    where = rf"\(role 'ci' at approle, with what {tmp_path}/id has\): invalid role or secret ID$"
    for _ in range(3):
        with pytest.raises(SecretsUnreachableError, match=rf"doesn't let the server in {where}"):
            provider.read("pypi")
    assert vault.requests == ["auth/approle/login"]
    (tmp_path / "id").write_text("s3cret-id")
    assert provider.read("pypi") == "pypi-AgEIcHlwaS5vcmc"


def test_what_a_role_may_not_read_has_it_sign_in_no_further_time(vault: FakeVault, tmp_path: Path) -> None:
    """A token that was given a moment ago isn't revoked, unless Vault says so."""
    (tmp_path / "id").write_text("s3cret-id")
    vault.logins["auth/approle/login"] = ({"role_id": "ci", "secret_id": "s3cret-id"}, 3600)
    vault.forbidden.add("secret/data/ci/root")
    provider = secrets(vault, VaultLogin(method="approle", role="ci", file=str(tmp_path / "id"), mount="approle"))
    for _ in range(3):
        with pytest.raises(SecretRefusedError, match=r"secret 'root': .*: refused: 1 error occurred:"):
            provider.read("root")
    assert vault.requests.count("auth/approle/login") == 1


def test_kubernetes_signs_in_by_the_service_account(vault: FakeVault, tmp_path: Path) -> None:
    """With a token whose life ends at once, each read signs in."""
    (tmp_path / "jwt").write_text("eyJhbGciOi")
    vault.logins["auth/k8s/login"] = ({"role": "ci", "jwt": "eyJhbGciOi"}, 1)
    login = VaultLogin(method="kubernetes", role="ci", file=str(tmp_path / "jwt"), mount="k8s")
    assert secrets(vault, login).read("pypi") == "pypi-AgEIcHlwaS5vcmc"


def test_a_vault_that_is_sealed_is_another_matter_than_a_secret_that_is_missing(
    vault: FakeVault, token: VaultLogin
) -> None:
    """It may be asked again later."""
    vault.sealed = True
    with pytest.raises(SecretsUnreachableError, match=r"^Vault at http://127.0.0.1:\d+ is sealed or on standby$"):
        secrets(vault, token).read("pypi")


def test_a_vault_that_is_away_is_asked_once_by_all_who_wait(vault: FakeVault, token: VaultLogin) -> None:
    """For a moment nobody asks again, so that nobody's thread waits for it."""
    provider = VaultSecrets(Vault(address=vault.address, login=token, path="ci"), away_seconds=3600.0)
    vault.sealed = True
    for _ in range(5):
        with pytest.raises(SecretsUnreachableError, match="is sealed"):
            provider.read("pypi")
    assert len(vault.requests) == 1


def test_nobody_there_and_nobody_who_answers(token: VaultLogin) -> None:
    """Are said apart, and bounded in time."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        address = f"http://127.0.0.1:{silent.getsockname()[1]}"
        with pytest.raises(SecretsUnreachableError, match="doesn't answer in time"):
            VaultSecrets(Vault(address=address, login=token, timeout_seconds=0.1)).read("pypi")
    with pytest.raises(SecretsUnreachableError, match="can't be reached"):
        VaultSecrets(Vault(address=address, login=token, timeout_seconds=0.1)).read("pypi")


def configuration(vault: FakeVault, token: VaultLogin) -> str:
    """A file with two steps that are given a secret."""
    return f"""\
version: 1
secrets: {{provider: vault, address: "{vault.address}", path: ci, login: {{token_file: "{token.file}"}}}}
builders:
  b: {{steps: [{{run: [x], env: {{A: {{secret: pypi}}, B: {{secret: pypi}}}}}}]}}
"""


def test_check_looks_for_the_secrets(vault: FakeVault, token: VaultLogin) -> None:
    """What isn't there has its place in the file; a Vault that is away is said once, where the file names it."""
    text = configuration(vault, token)
    load_text(text)
    vault.sealed = True
    assert messages(text, secrets_required=True) == (
        f"ci.yaml:2:10: the secrets can't be looked for: Vault at {vault.address} is sealed or on standby"
        " (nothing can be said of them until it can be asked; --no-secrets doesn't ask) [secrets-unreachable]"
    )
    load_text(text, secrets_required=False)


def test_a_secret_that_is_refused_is_answered_with_who_may_change_that(vault: FakeVault, token: VaultLogin) -> None:
    """It may well be there: nobody is asked to put it there."""
    vault.forbidden.add("secret/data/ci/pypi")
    said = messages(configuration(vault, token), secrets_required=True)
    assert "the role or token of the server needs a policy that lets it read that" in said
    assert "put it into" not in said
