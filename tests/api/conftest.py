"""A server's inside, without its outside: everything the API needs, and clients that speak to it in process."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from uuid import UUID

import httpx
import pytest
from fastapi import FastAPI

from buildledger.api.app import make_app
from buildledger.api.http.dependencies import ApiDependencies
from buildledger.config.configurations import Configurations
from buildledger.config.resolved import Configuration
from buildledger.config.stored import read_configuration
from buildledger.domain.config import RequireConfig
from buildledger.events.config import ConfigApplied
from buildledger.intake.polling.source_guard import newest_configuration
from buildledger.ledger.ledger import Ledger
from buildledger.ledger.pipeline_texts import pipeline_texts
from buildledger.ledger.proof import Tree
from buildledger.ledger.signing import HeadKey
from buildledger.ledger.vault import Vault
from buildledger.logs.artifacts_local import LocalArtifactStore
from buildledger.logs.local import LocalLogStore
from buildledger.projections.projector import Projector
from buildledger.projections.storage import SqliteViews, ViewStorage
from buildledger.projections.views import Views
from buildledger.sources.change_texts import ChangeTexts
from buildledger.testing.clock import VirtualClock
from tests.fakes.revisions import AnyRevision
from tests.fakes.servers import alone
from tests.projections.samples import START, claim, words
from tests.projections.world import World

TOKEN = "test-admin-token"
AUTHORIZED = {"Authorization": f"Bearer {TOKEN}"}


@dataclass
class LedgerConfiguration:
    """The configuration in force, read from the ledger whenever it is asked for."""

    ledger: Ledger
    unreadable: Exception | None = None

    @property
    def current(self) -> Configuration | None:
        """See `dependencies.Active`."""
        applied = self.ledger.read(0, 100_000, (ConfigApplied.NAME,))
        if not applied:
            return None
        fact = applied[-1].fact
        assert isinstance(fact, ConfigApplied)
        if self.unreadable is not None:
            return None
        return read_configuration(fact.text)

    def newest(self) -> tuple[Configuration | None, tuple[RequireConfig, ...]]:
        """See `dependencies.Active`."""
        newest, required = newest_configuration(self.ledger, Configurations(self.ledger.at))
        return newest or self.current, required


@dataclass
class Site:
    """A server's parts."""

    deps: ApiDependencies
    app: FastAPI
    world: World
    vault: Vault
    logs: LocalLogStore
    revisions: AnyRevision
    polled: list[str] = field(default_factory=list)

    @property
    def ledger(self) -> Ledger:
        """Its facts."""
        return self.deps.ledger

    def settle(self) -> int:
        """Wait until every read shows everything; the position."""
        head = self.ledger.head()
        assert self.deps.views.progress.reached_blocking(head, 10)
        return head

    def remember_words(self) -> None:
        """Put the words of the world's people and commits into the vault."""
        texts: dict[UUID, str] = {
            words("claim", claim(number)): f"Author {number} <author{number}@example.org>" for number in range(4)
        }
        for number in range(1, self.world.commits + 1):
            said = ChangeTexts(message=f"Change {number}\n\nLong story.", author="", committer="")
            texts[words("change", number)] = said.to_text()
        self.vault.put_many(texts)

    def client(self, **headers: str) -> httpx.AsyncClient:
        """A client with the admin token unless other headers are given."""
        return self.client_of(self.app, **headers)

    def client_of(self, app: FastAPI, **headers: str) -> httpx.AsyncClient:
        """The same of another application over these parts."""
        return httpx.AsyncClient(
            transport=httpx.ASGITransport(app),
            base_url="http://localhost:8010",
            headers=headers or AUTHORIZED,
        )


@pytest.fixture
def site(tmp_path: Path) -> Iterator[Site]:
    """A server's inside with a small configuration, in which nothing has been built yet."""
    with inside(tmp_path) as site:
        yield site


@contextmanager
def inside(tmp_path: Path, url: str | None = None, storage: ViewStorage | None = None, seed: int = 7) -> Iterator[Site]:
    """A server's inside over a ledger and views of one's own, or new ones in a directory."""
    clock = VirtualClock(START)
    url = url or f"sqlite:///{tmp_path}/ledger.db"
    ledger = Ledger.open(url, clock=clock)
    views = Views(storage or SqliteViews(tmp_path / "views"))
    vault, tree = Vault.open(url), Tree.open(ledger.store, url)
    logs = LocalLogStore(tmp_path / "logs")
    projector = Projector(ledger, views)
    polled: list[str] = []

    def trigger_poll(source: str) -> bool:
        polled.append(source)
        return source == "widget"

    revisions = AnyRevision()
    deps = ApiDependencies(
        ledger=ledger,
        vault=vault,
        tree=tree,
        head_key=HeadKey.at(tmp_path / "head-key.pem", "test"),
        artifacts=LocalArtifactStore(tmp_path / "artifacts"),
        logs=logs,
        views=views,
        projector=projector,
        reactors=None,
        servers=alone(),
        connected_workers=None,
        active=LedgerConfiguration(ledger),
        configurations=Configurations(ledger.at, pipeline_text=pipeline_texts(ledger)),
        trigger_poll=trigger_poll,
        revisions=revisions,
        clock=clock,
        admin_token=TOKEN,
        dashboard=tmp_path / "dashboard",
    )
    world = World(ledger, seed=seed, clock=clock)
    projector.start()
    yield Site(deps=deps, app=make_app(deps), world=world, vault=vault, logs=logs, revisions=revisions, polled=polled)
    projector.close()
    logs.close()
    views.close()
    tree.close()
    vault.close()
    ledger.close()


@pytest.fixture
async def client(site: Site) -> AsyncIterator[httpx.AsyncClient]:
    """A client that is signed in by the token."""
    async with site.client() as client:
        yield client


async def settled(site: Site) -> int:
    """`Site.settle` for tests that have a loop."""
    return await asyncio.to_thread(site.settle)
