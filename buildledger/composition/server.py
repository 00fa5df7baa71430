"""One server process: its parts, started in the order of need."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import platform
import random
import signal
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import timedelta
from uuid import uuid4

from buildledger import __version__
from buildledger.api.http.dependencies import SESSIONS_ENDED_MAX, ApiDependencies
from buildledger.clock import SystemClock
from buildledger.composition.gateway import GatewayHandle, authority_of, serve_workers, whole_token_of
from buildledger.composition.lifetime import Lifetime
from buildledger.composition.state_directory import ENDED_SESSIONS_FILE, admin_token, sole_owner, tell_address
from buildledger.composition.stores import Stores, open_stores, open_views
from buildledger.composition.web import listen, serve_api
from buildledger.config.configurations import Configurations
from buildledger.config.problems import ConfigErrors
from buildledger.config.report import problems_text
from buildledger.domain.server import StartServer, StopServer
from buildledger.elastic import assembly as elastic
from buildledger.events.ids import ServerId
from buildledger.intake.active_configuration import ActiveConfiguration
from buildledger.intake.config_file import ConfigFile
from buildledger.intake.polling.pollers import Pollers
from buildledger.ledger.expiring_names import ExpiringNames
from buildledger.ledger.ledger import Ledger
from buildledger.ledger.submission import Origin
from buildledger.operations.server_operations import ELSEWHERE_SECONDS, ServerOperations, performers
from buildledger.projections.artifact_search import ArtifactSearch
from buildledger.projections.views import Views
from buildledger.reactors.assembly import join
from buildledger.reactors.runner import Runner
from buildledger.retention.artifacts import Retention
from buildledger.settings import Role, ServerSettings
from buildledger.slave_grpc.identity.authority import Authority

_log = logging.getLogger(__name__)


class Server:
    """One server process, with the roles it was given."""

    def __init__(self, settings: ServerSettings) -> None:
        self._settings = settings
        self._id = ServerId(uuid4())
        self._clock = SystemClock()
        self._lifetime = Lifetime()
        self._gateway = GatewayHandle()
        self.url = ""

    @property
    def worker_address(self) -> str:
        """Where workers connect, for people."""
        return self._gateway.announced

    @asynccontextmanager
    async def running(self) -> AsyncIterator[Server]:
        """Everything started, in the order of need; stopped in the opposite order."""
        settings = self._settings
        async with AsyncExitStack() as stack:
            stack.enter_context(sole_owner(settings.state))
            listener = listen(settings.http) if Role.API in settings.roles else None
            if listener is not None:
                stack.enter_context(listener)
            token = admin_token(settings.state)
            stores = open_stores(settings, self._clock, stack)
            ledger = stores.ledger
            await self._say_hello(ledger, stack)
            configurations = Configurations(ledger.at)
            active = ActiveConfiguration(ledger, configurations)
            await active.load()
            await self._apply_file(ledger, active, stack)
            views, projector = open_views(settings, ledger, stack)
            runner = self._start_reactors(ledger, configurations, stack)
            pollers = self._start_pollers(stores, active, stack)
            self._start_retention(stores, views, stack)
            authority = authority_of(settings, self._clock)
            whole_token = whole_token_of(settings, authority)
            await self._start_operations(stores, views, stack)
            await self._start_gateway(stores, active, authority, stack)
            self._start_elastic(ledger, whole_token, stack)
            service = self._gateway.service
            dependencies = ApiDependencies(
                ledger=ledger,
                vault=stores.vault,
                tree=stores.tree,
                head_key=stores.head_key,
                logs=stores.logs,
                artifacts=stores.artifacts,
                views=views,
                projector=projector,
                reactors=None if runner is None else (lambda: runner.health),
                connected_workers=None if service is None else (lambda: service.connected),
                active=active,
                configurations=configurations,
                trigger_poll=pollers.trigger_poll,
                clock=self._clock,
                keep_artifacts=self._keep_artifacts,
                admin_token=token,
                ended_sessions=ExpiringNames(
                    settings.state / ENDED_SESSIONS_FILE, self._clock.now().timestamp(), SESSIONS_ENDED_MAX
                ),
                token_with_ca=whole_token,
            )
            if listener is not None:
                await self._start_api(dependencies, listener, stack)
            self._lifetime.catch_signals(stack)
            yield self

    async def stopped(self) -> None:
        """Return when a signal asks for the end.

        Raises:
            Exception: Whatever made a part of the server fail.
        """
        await self._lifetime.ended()

    @property
    def _keep_artifacts(self) -> timedelta | None:
        days = self._settings.artifact_days
        return None if days is None else timedelta(days=days)

    async def _say_hello(self, ledger: Ledger, stack: AsyncExitStack) -> None:
        roles = tuple(sorted(self._settings.roles))
        origin = Origin(actor="system")
        hello = StartServer(server_id=self._id, version=__version__, roles=roles, host=platform.node())
        await ledger.execute(hello, origin=origin)
        stack.push_async_callback(ledger.execute, StopServer(server_id=self._id, reason="stopped"), origin=origin)

    async def _apply_file(self, ledger: Ledger, active: ActiveConfiguration, stack: AsyncExitStack) -> None:
        if self._settings.config is None:
            return
        file = ConfigFile(self._settings.config, ledger, active)
        try:
            await file.apply()
        except ConfigErrors as errors:
            if active.revision == 0:
                raise
            _log.error("the configuration in force stays, for the file is bad:\n%s", problems_text(errors.problems))
        await active.load()
        with contextlib.suppress(NotImplementedError):
            asyncio.get_running_loop().add_signal_handler(signal.SIGHUP, file.look)
        self._lifetime.watch(file.watch(), "configuration file", stack)

    def _start_reactors(self, ledger: Ledger, configurations: Configurations, stack: AsyncExitStack) -> Runner | None:
        if Role.REACTORS not in self._settings.roles:
            return None
        runner = join(
            ledger,
            self._clock,
            configurations=configurations,
            serves=lambda server_id: server_id == self._id or self._settings.database is not None,
            lease_seconds=self._settings.lease_seconds,
        )
        self._lifetime.watch(runner.run(), "reactors", stack)
        return runner

    def _start_pollers(self, stores: Stores, active: ActiveConfiguration, stack: AsyncExitStack) -> Pollers:
        mirrors = self._settings.state / "mirrors"
        pollers = Pollers(ledger=stores.ledger, vault=stores.vault, mirrors=mirrors, random=random.random)
        stack.push_async_callback(pollers.close)
        self._lifetime.watch(self._follow_configuration(active, pollers), "configuration", stack)
        return pollers

    async def _follow_configuration(self, active: ActiveConfiguration, pollers: Pollers) -> None:
        async for configuration in active.changes():
            if Role.POLLERS in self._settings.roles:
                await pollers.apply(configuration.sources)

    def _start_retention(self, stores: Stores, views: Views, stack: AsyncExitStack) -> None:
        settings = self._settings
        if Role.GATEWAY in settings.roles:
            retention = Retention(
                ledger=stores.ledger,
                views=views,
                artifacts=stores.artifacts,
                clock=self._clock,
                keep=self._keep_artifacts,
                total_bytes=settings.artifact_total_bytes,
            )
            self._lifetime.watch(retention.run(), "retention", stack)

    async def _start_operations(self, stores: Stores, views: Views, stack: AsyncExitStack) -> None:
        """Where the gateway is: what the operations read was uploaded to this process."""
        if Role.GATEWAY in self._settings.roles:
            ledger, finder = stores.ledger, ArtifactSearch(views)
            operations = ServerOperations(
                ledger,
                performers(ledger, stores.artifacts, finder),
                elsewhere_seconds=0.0 if self._settings.database is None else ELSEWHERE_SECONDS,
            )
            await operations.start()
            stack.push_async_callback(operations.stop)

    async def _start_gateway(
        self, stores: Stores, active: ActiveConfiguration, authority: Authority, stack: AsyncExitStack
    ) -> None:
        if Role.GATEWAY in self._settings.roles:
            self._gateway = await serve_workers(
                self._settings,
                stores,
                stack,
                active=active,
                clock=self._clock,
                server_id=self._id,
                authority=authority,
            )

    def _start_elastic(self, ledger: Ledger, whole_token: Callable[[str], str], stack: AsyncExitStack) -> None:
        if Role.ELASTIC in self._settings.roles:
            home, gateway = self._settings.state / "elastic", self._gateway.gateway
            fleet = elastic.join(ledger, self._clock, home=home, gateway=gateway, whole_token=whole_token)
            self._lifetime.watch(fleet.run(), "elastic workers", stack)

    async def _start_api(self, dependencies: ApiDependencies, listener: socket.socket, stack: AsyncExitStack) -> None:
        self.url = await serve_api(dependencies, listener, self._lifetime, stack)
        tell_address(self._settings.state, self.url)
