"""What the API needs of the rest of the server; `composition` constructs it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Protocol

from fastapi import Depends, Request

import buildledger
from buildledger.api.http.ended_sessions import EndedSessions
from buildledger.clock import Clock
from buildledger.config.configurations import Configurations
from buildledger.config.resolved import Configuration, Source
from buildledger.domain.config import RequireConfig
from buildledger.intake.polling.revision_finder import FoundRevision
from buildledger.ledger.ledger import Ledger
from buildledger.ledger.proof import Tree
from buildledger.ledger.signing import HeadKey
from buildledger.ledger.vault import Vault
from buildledger.logs.artifacts import ArtifactStore
from buildledger.logs.store import LogStore
from buildledger.projections.projector import Projector
from buildledger.projections.views import Views
from buildledger.servers.entries import Servers

DASHBOARD = Path(buildledger.__file__).parent / "dashboard_static"
"""Where the wheel has the built dashboard."""

DEFAULT_TITLE = "Build Ledger"
"""Of an installation whose configuration says none."""


class ActiveConfiguration(Protocol):
    """Whatever knows the configuration in force: `intake.active_configuration` does."""

    @property
    def current(self) -> Configuration | None:
        """The configuration in force; None before the first."""
        ...

    @property
    def unreadable(self) -> Exception | None:
        """Why the configuration in force can't be read, for people; None: it can, or there is none."""
        ...

    def newest(self) -> tuple[Configuration | None, tuple[RequireConfig, ...]]:
        """What is in force in the ledger, which may be ahead of `current`, and what holds a command to it. Blocks."""
        ...


class ReactorsHealth(Protocol):
    """How far the reactors have come, and whether they run: `reactors.runner` knows it."""

    @property
    def position(self) -> int:
        """The position up to which they have read the ledger."""
        ...

    @property
    def failure(self) -> str | None:
        """Why they have stopped; None while they run."""
        ...

    @property
    def triggers(self) -> Mapping[str, str]:
        """Why a trigger requests nothing any more, by its name."""
        ...

    @property
    def held_back(self) -> Sequence[str]:
        """What the rules refuse again and again, a line each, for people."""
        ...


class Revisions(Protocol):
    """Looks up what people say: `intake.polling.revision_finder` does."""

    async def find(
        self, source: Source, branch: str | None, revision: str | None, known: Mapping[str, str]
    ) -> FoundRevision:
        """The branch and the whole revision that are meant; `known` has the heads that the ledger knows.

        Raises:
            UnknownRevisionError
        """
        ...


@dataclass(frozen=True, kw_only=True)
class ApiDependencies:
    """Everything the API was constructed with. Requests use it from many threads at once."""

    ledger: Ledger
    vault: Vault
    tree: Tree
    head_key: HeadKey
    logs: LogStore
    artifacts: ArtifactStore
    views: Views
    projector: Projector | None
    """None: another process feeds the views."""
    reactors: Callable[[], ReactorsHealth | None] | None
    """None: this process has none; it gives None while another server leads them."""
    servers: Servers
    connected_workers: Callable[[], int] | None
    active: ActiveConfiguration
    configurations: Configurations
    rejected_file: Callable[[], str | None] = lambda: None
    """What is wrong with the configuration file as it stands; None if nothing is, or if there is none."""
    watched_file: str | None = None
    """The configuration file that this server applies whenever it changes; None: there is none."""
    overridden_file: Callable[[], str | None] = lambda: None
    """That something else is in force than the configuration file says; None if the file is, or if there is none."""
    effect_failures: Callable[[], Mapping[str, str]] = dict
    """Which parts of this server can't follow the configuration in force, and why."""
    retention_waits: Callable[[], str | None] = lambda: None
    """Why nothing is removed for its age; None if what is too old is removed, or nothing is to be."""
    trigger_poll: Callable[[str], bool]
    revisions: Revisions
    """Polls a source now, given its name; False if this process doesn't poll it."""
    clock: Clock
    admin_token: str
    """The secret whose bearer may do everything."""
    ended_sessions: EndedSessions = field(default_factory=EndedSessions)
    """Sessions that somebody has signed out of and whose cookies haven't expired."""
    token_with_ca: Callable[[str], str] = str
    """Adds to an enrollment token the certificate that its worker has to trust, where the server's is its own."""
    keep_artifacts: timedelta | None = None
    """How long artifacts are kept; None: for ever."""
    hosts: frozenset[str] = frozenset({"localhost", "127.0.0.1", "[::1]"})
    """Names under which the server may be spoken to, without port; others are DNS rebinding."""
    version: str = buildledger.__version__
    dashboard: Path = DASHBOARD

    @property
    def title(self) -> str:
        """The installation's name, for people."""
        configuration = self.active.current
        return DEFAULT_TITLE if configuration is None else configuration.server.title


def dependencies_of(request: Request) -> ApiDependencies:
    """The dependencies of the application that a request came to."""
    found: ApiDependencies = request.app.state.dependencies
    return found


async def _dependencies(request: Request) -> ApiDependencies:
    """See `dependencies_of`. Asynchronous, since FastAPI would use a thread for it otherwise."""
    return dependencies_of(request)


Dependencies = Annotated[ApiDependencies, Depends(_dependencies)]
"""As a parameter of an endpoint: what the application was constructed with."""
