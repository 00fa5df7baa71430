"""Providers of secrets: directories and Vault have a counterpart, `pass` hasn't."""

from __future__ import annotations

from typing import Any

from buildledger.config.convert.buildbot.account import Kind
from buildledger.config.convert.buildbot.described import Thing
from buildledger.config.convert.buildbot.site import Site, items

_VAULT = ("HashiCorpVaultKvSecretProvider", "HashiCorpVaultSecretProvider")
DIRECTORY = "secrets"
"""Where the secrets of the result stand if nothing else is known: one file each."""


def convert(site: Site) -> dict[str, Any]:
    """The section `secrets`; empty if there are none."""
    found: dict[str, Any] = {}
    for thing in items(site.extracted.settings.get("secretsProviders")):
        if not isinstance(thing, Thing):
            continue
        cls = site.extracted.class_of(thing)
        entry = site.account.entry(Kind.SECRETS, (cls.name, thing.place), cls.name, thing.place)
        if found:
            entry.refuse("there is one provider of secrets here", "put all secrets into one place")
        elif "SecretInAFile" in cls.bases and isinstance(path := thing.arguments.get("dirname"), str):
            found = {"provider": "file", "path": path}
            if suffixes := [str(each) for each in items(thing.arguments.get("suffixes")) if each]:
                why = f"a secret's file is named as the secret, without {' or '.join(suffixes)}"
                entry.note("suffixes", why, "rename the files")
        elif site.extracted.base_among(thing, _VAULT) is not None:
            found = _vault(thing)
            entry.note(
                "authenticator",
                "how the server signs in to Vault isn't copied",
                "write the token to the file that `login` names, or say `approle`",
            )
        else:
            entry.refuse(
                f"secrets of the class {cls.name} have no counterpart",
                f"write each to a file of its name in the directory {DIRECTORY}",
            )
    if not found and site.secrets:
        found = {"provider": "file", "path": DIRECTORY}
    return found


def _vault(thing: Thing) -> dict[str, Any]:
    get = thing.arguments.get
    keys: dict[str, Any] = {"provider": "vault", "address": get("vault_server", "https://vault.example.org:8200")}
    keys["login"] = {"token_file": "vault-token"}
    if isinstance(mount := get("secrets_mount"), str):
        keys["mount"] = mount
    if get("api_version") == 1:
        keys["version"] = 1
    return keys
