"""What the API needs of the rest of the server; `composition` gives it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Protocol

from fastapi import Request

from buildledger import __version__
from buildledger.clock import Clock
from buildledger.config.resolved import Configuration
from buildledger.ledger.ledger import Ledger
from buildledger.ledger.proof import Tree
from buildledger.ledger.signing import HeadKey
from buildledger.ledger.vault import Vault
from buildledger.logs.artifacts import ArtifactStore
from buildledger.logs.store import LogStore
from buildledger.projections.projector import Projector
from buildledger.projections.views import Views

DASHBOARD = Path(__file__).parent.parent / "dashboard_static"


class Active(Protocol):
    """The configuration in force: `intake.active_configuration.ActiveConfiguration` has it."""

    @property
    def current(self) -> Configuration | None:
        """None before the first."""
        ...


class ReactorsHealth(Protocol):
    """How the reactors are: `reactors.runner.Health` has it."""

    @property
    def position(self) -> int:
        """What they have read."""
        ...

    @property
    def failure(self) -> str | None:
        """Why they have stopped."""
        ...


@dataclass(frozen=True, kw_only=True)
class ApiDependencies:
    """Constructed once; everything in it is used from many requests at once."""

    ledger: Ledger
    vault: Vault
    tree: Tree
    head_key: HeadKey
    logs: LogStore
    artifacts: ArtifactStore
    views: Views
    projector: Projector | None
    """None: another process feeds the views."""
    reactors: Callable[[], ReactorsHealth] | None
    connected_workers: Callable[[], int] | None
    active: Active
    notify_source: Callable[[str], bool]
    """Wakes a source's poller; False if it isn't polled here."""
    clock: Clock
    admin_token: str
    whole_token: Callable[[str], str] = str
    """Makes of an enrollment token what its worker is given: perhaps it is also told whom to trust."""
    """Whoever shows it may do everything."""
    keep_artifacts: timedelta | None = None
    """How long artifacts are kept; None: for ever."""
    hosts: frozenset[str] = frozenset({"localhost", "127.0.0.1", "[::1]"})
    """Names under which the server may be spoken to, without port; others are DNS rebinding."""
    version: str = __version__
    dashboard: Path = DASHBOARD


def dependencies(request: Request) -> ApiDependencies:
    """Those of the application that answers."""
    found: ApiDependencies = request.app.state.dependencies
    return found
