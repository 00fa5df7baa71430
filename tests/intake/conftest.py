"""A real ledger, a repository with history, and a poller that follows it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TypeVar

import pytest

from buildledger.clock import SystemClock
from buildledger.config.configurations import Configurations
from buildledger.config.resolved import Source
from buildledger.domain.config import ApplyConfig
from buildledger.events.change import ChangeRecorded
from buildledger.events.fact import Fact
from buildledger.intake.polling.mirror import Mirror
from buildledger.intake.polling.poller import Poller
from buildledger.ledger.ledger import Ledger
from buildledger.ledger.pipeline_texts import pipeline_texts
from buildledger.ledger.submission import Origin
from buildledger.ledger.vault import Vault
from buildledger.sources.change_texts import ChangeTexts
from buildledger.sources.git.system import Git
from buildledger.testing.configuration import load_text
from tests.fakes.repository import Repository

F = TypeVar("F", bound=Fact)


class World:
    """A server's parts that a poller needs."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.vault = Vault.open(f"sqlite:///{path / 'ledger.db'}")
        self.ledger = Ledger.open(f"sqlite:///{path / 'ledger.db'}", clock=SystemClock())

    def source(self, repository: Repository, **options: object) -> Source:
        return Source(name="widget", kind="git", url=repository.url, **options)  # type: ignore[arg-type]

    def poller(self, repository: Repository, **options: object) -> Poller:
        """A poller as a freshly started server has it; the mirror of an earlier one is there."""
        source = self.source(repository, **options)
        path = self.path / "mirrors" / "widget.git"
        mirror = Mirror(path, Git().mirror(source.url, path))
        configurations = Configurations(self.ledger.at, pipeline_text=pipeline_texts(self.ledger))
        return Poller(source, ledger=self.ledger, vault=self.vault, mirror=mirror, configurations=configurations)

    def words(self, fact: ChangeRecorded) -> ChangeTexts:
        """What people wrote of a change."""
        return ChangeTexts.from_text(self.vault.get_many({fact.words_id: fact.words_digest}).texts[fact.words_id])

    def facts(self, kind: type[F]) -> list[F]:
        """All facts of this kind, in order."""
        return [it.fact for it in self.ledger.read(0, 100_000) if isinstance(it.fact, kind)]


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    world = World(tmp_path)
    yield world
    world.ledger.close()
    world.vault.close()


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    repository = Repository(tmp_path / "origin")
    repository.commit("first", **{"a.txt": "one\n"})
    repository.commit("second", **{"a.txt": "two\n"})
    return repository


async def grant(world: World, repository: Repository, grant: str = "{}") -> str:
    """Put a configuration in force that grants this; gives its digest."""
    text = f"version: 1\nsources: {{widget: {{git: '{repository.url}'}}}}\nrepo_pipelines: {{widget: {grant}}}\n"
    configuration = load_text(text)
    apply = ApplyConfig(digest=configuration.digest, text=configuration.to_json(), origin="ci.yaml")
    await world.ledger.execute(apply, origin=Origin(actor="system"))
    return configuration.digest
