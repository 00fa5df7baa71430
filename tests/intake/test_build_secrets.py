"""Secrets of builds: of the place that a build's own configuration names, whatever is applied meanwhile."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest

from buildledger.clock import SystemClock
from buildledger.config.configurations import Configurations
from buildledger.config.resolved import Configuration
from buildledger.config.secrets.provider import SecretUnavailableError
from buildledger.domain.build import AssignBuild
from buildledger.domain.config import ApplyConfig
from buildledger.events.build import BuildAssigned
from buildledger.events.ids import BuildId, RequestId
from buildledger.intake.build_secrets import BuildSecrets
from buildledger.ledger.ledger import Ledger
from buildledger.ledger.submission import Origin
from buildledger.testing.configuration import load_text


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    """An empty one."""
    opened = Ledger.open(f"sqlite:///{tmp_path / 'ledger.db'}", clock=SystemClock())
    yield opened
    opened.close()


def secrets_in(directory: Path, **values: str) -> Configuration:
    """A configuration whose secrets are files of a directory, which has these."""
    directory.mkdir()
    for name, value in values.items():
        (directory / name).write_text(value)
    return load_text(f"version: 1\nsecrets: {{provider: file, path: {directory}}}\n", secrets_required=False)


async def apply(ledger: Ledger, configuration: Configuration) -> None:
    """Put it in force."""
    command = ApplyConfig(digest=configuration.digest, text=configuration.to_json(), origin="ci.yaml")
    await ledger.execute(command, origin=Origin(actor="system"))


async def begin(ledger: Ledger, configuration: Configuration) -> BuildId:
    """A build that is assigned under a configuration."""
    build_id = BuildId(uuid4())
    assigned = BuildAssigned(
        builder="b",
        requests=(RequestId(uuid4()),),
        attempt=1,
        worker="w",
        fence=1,
        stamps=(),
        reason="forced",
        requested_by="system",
        config_digest=configuration.digest,
    )
    await ledger.execute(AssignBuild(build_id=build_id, assignment=assigned), origin=Origin(actor="system"))
    return build_id


async def test_a_build_keeps_the_place_of_the_configuration_that_it_began_with(ledger: Ledger, tmp_path: Path) -> None:
    """Another one that has secrets elsewhere, or none, is for the builds that begin under it; a value is read anew."""
    before, after = secrets_in(tmp_path / "before", token="first"), secrets_in(tmp_path / "after", token="second")
    none = load_text("version: 1\n")
    builds = []
    for configuration in (before, after, none):
        await apply(ledger, configuration)
        builds.append(await begin(ledger, configuration))
    secrets = BuildSecrets(ledger, Configurations(ledger.at))
    assert [secrets.get("token", build_id) for build_id in builds[:2]] == ["first", "second"]
    with pytest.raises(SecretUnavailableError, match="the configuration has no 'secrets' section"):
        secrets.get("token", builds[2])
    (tmp_path / "before" / "token").write_text("renewed")
    assert secrets.get("token", builds[0]) == "renewed"


async def test_what_cannot_be_had_is_told_to_whoever_watches(ledger: Ledger, tmp_path: Path) -> None:
    """Each time; a build that nobody knows has no secrets."""
    configuration = secrets_in(tmp_path / "secrets", token="first")
    await apply(ledger, configuration)
    build_id = await begin(ledger, configuration)
    failed: list[None] = []
    secrets = BuildSecrets(ledger, Configurations(ledger.at), failed=lambda: failed.append(None))
    for _ in range(2):
        with pytest.raises(SecretUnavailableError, match="'other'"):
            secrets.get("other", build_id)
    assert len(failed) == 2
    with pytest.raises(LookupError, match="there is no build"):
        secrets.get("token", BuildId(uuid4()))
