"""The API over a simulated world's ledger: what anybody outside is answered."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import httpx

from buildledger.api.app import make_app
from buildledger.api.http.dependencies import ApiDependencies
from buildledger.config.configurations import Configurations
from buildledger.config.resolved import Configuration
from buildledger.domain.config import RequireConfig
from buildledger.ledger.pipeline_texts import pipeline_texts
from buildledger.ledger.proof import Tree
from buildledger.ledger.signing import HeadKey
from buildledger.ledger.vault import Vault
from buildledger.logs.artifacts_local import LocalArtifactStore
from buildledger.logs.local import LocalLogStore
from buildledger.projections.projector import Projector
from buildledger.projections.storage import SqliteViews
from buildledger.projections.views import Views
from tests.fakes.revisions import AnyRevision
from tests.fakes.servers import alone
from tests.reactors.world import World

TOKEN = "test-admin-token"
PAGE = 100


class WorldConfiguration:
    """The configuration that the world has put in force."""

    def __init__(self, w: World) -> None:
        self._w = w

    @property
    def current(self) -> Configuration | None:
        """See `dependencies.Active`."""
        return self._w.configuration

    @property
    def unreadable(self) -> Exception | None:
        """See `dependencies.Active`."""
        return None

    def newest(self) -> tuple[Configuration | None, tuple[RequireConfig, ...]]:
        """See `dependencies.Active`."""
        return self._w.configuration, ()


class Site:
    """Answers requests, after its read models have followed the ledger to its head."""

    def __init__(self, deps: ApiDependencies, projector: Projector) -> None:
        self._projector = projector
        self._app = make_app(deps)

    async def waiting(self) -> list[dict[str, Any]]:
        """The requests that wait, as the API answers them."""
        found: list[dict[str, Any]] = (await self.get("requests", status="waiting", limit=PAGE))["items"]
        return found

    async def get(self, path: str, **parameters: str | int) -> dict[str, Any]:
        """What the API answers at the ledger's head."""
        self._projector.catch_up()
        transport = httpx.ASGITransport(self._app)
        headers = {"Authorization": f"Bearer {TOKEN}"}
        async with httpx.AsyncClient(transport=transport, base_url="http://localhost:8010", headers=headers) as client:
            answer = await client.get(f"/api/v1/{path}", params=parameters)
        answer.raise_for_status()
        found: dict[str, Any] = answer.json()
        return found


@contextmanager
def site_of(w: World, path: Path) -> Iterator[Site]:
    """The site of a world that has begun."""
    url = f"sqlite:///{path / 'ledger.db'}"
    with ExitStack() as stack:
        vault = Vault.open(url)
        stack.callback(vault.close)
        tree = Tree.open(w.ledger.store, url)
        stack.callback(tree.close)
        views = Views(SqliteViews(path / "views"))
        stack.callback(views.close)
        logs = LocalLogStore(path / "logs")
        stack.callback(logs.close)
        projector = Projector(w.ledger, views)
        deps = ApiDependencies(
            configurations=Configurations(w.ledger.at, pipeline_text=pipeline_texts(w.ledger)),
            ledger=w.ledger,
            vault=vault,
            tree=tree,
            head_key=HeadKey.at(path / "head-key.pem", "test"),
            artifacts=LocalArtifactStore(path / "artifacts"),
            logs=logs,
            views=views,
            projector=projector,
            reactors=None,
            servers=alone(),
            connected_workers=None,
            active=WorldConfiguration(w),
            trigger_poll=lambda _: False,
            revisions=AnyRevision(),
            clock=w.clock,
            admin_token=TOKEN,
            dashboard=path / "dashboard",
        )
        yield Site(deps, projector)
