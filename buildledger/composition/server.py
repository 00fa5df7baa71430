"""One server process: its parts, started in the order of need."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import random
import signal
import socket
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from datetime import timedelta
from functools import partial
from uuid import uuid4

from buildledger.api.http.dependencies import ApiDependencies
from buildledger.clock import SystemClock
from buildledger.composition.audience import Audience, tell
from buildledger.composition.following import ConfigurationFollowers
from buildledger.composition.gateway import GatewayHandle, authority_of, serve_workers, whole_token_of
from buildledger.composition.leading import LedPollers, LedReactors
from buildledger.composition.lifetime import Lifetime
from buildledger.composition.masking import SecretMasking
from buildledger.composition.other_stores import ELASTIC, HomesOfOtherServers
from buildledger.composition.peers import serve_peers
from buildledger.composition.servers import join_servers
from buildledger.composition.state_directory import admin_token, sole_owner, tell_address
from buildledger.composition.stores import Stores, open_stores, open_views
from buildledger.composition.web import ended_sessions, listen, serve_api
from buildledger.config.configurations import Configurations
from buildledger.config.problems.problem import ConfigErrors
from buildledger.config.problems.report import problems_text
from buildledger.elastic import assembly as elastic
from buildledger.events.ids import ServerId
from buildledger.intake.active_configuration import ActiveConfiguration
from buildledger.intake.build_secrets import BuildSecrets
from buildledger.intake.config_effects import ConfigEffects
from buildledger.intake.config_file import ConfigFile
from buildledger.intake.polling.pollers import Pollers
from buildledger.intake.polling.revision_finder import RevisionFinder
from buildledger.ledger.ledger import Ledger
from buildledger.ledger.pipeline_texts import pipeline_texts
from buildledger.ledger.signing import SignedHead
from buildledger.operations.server_operations import ELSEWHERE_SECONDS, ServerOperations, performers
from buildledger.projections.artifact_search import ArtifactSearch
from buildledger.projections.views import Views
from buildledger.reactors.assembly import join
from buildledger.reactors.runner import Runner
from buildledger.retention.artifacts import Retention
from buildledger.retention.clock_trust import ClockTrust
from buildledger.servers.entries import Servers, Singleton
from buildledger.servers.leading import lead
from buildledger.settings import Role, ServerSettings
from buildledger.slave_grpc.identity.authority import Authority
from buildledger.worker.main_loop import handled

MIRRORS = "mirrors"
"""In the state directory: the copies of repositories that pollers read."""
_log = logging.getLogger(__name__)


class Server:
    """One server process, with the roles it was given."""

    def __init__(self, settings: ServerSettings) -> None:
        self._settings = settings
        self._id = ServerId(uuid4())
        self._clock = SystemClock()
        self._lifetime = Lifetime()
        self._gateway = GatewayHandle()
        self._clock_trust: ClockTrust | None = None
        self.url = ""
        self._poll: Callable[[str], object] = lambda source: None
        self.last_head: SignedHead | None = None
        """What was signed last, once it has stopped."""

    @property
    def worker_address(self) -> str:
        """Where workers connect, for people."""
        return self._gateway.announced

    @asynccontextmanager
    async def running(self, audience: Audience | None = None) -> AsyncIterator[Server]:
        """Everything started, in the order of need; stopped in the opposite order."""
        settings = self._settings
        async with AsyncExitStack() as stack:
            self._loop = asyncio.get_running_loop()
            if settings.config is not None:  # until it is watched: it is read anyway
                stack.enter_context(handled({signal.SIGHUP: lambda: None}))
            stack.enter_context(sole_owner(settings.state))
            listener = listen(settings.http) if Role.API in settings.roles else None
            if listener is not None:
                stack.enter_context(listener)
            token = admin_token(settings.state)
            stores = open_stores(settings, self._clock, stack, self._keep_head)
            ledger, before = stores.ledger, stores.ledger.head()
            peer = await serve_peers(settings, stores, self._clock, self._lifetime, stack)
            servers = await join_servers(settings, ledger, self._id, stack, self._heard, peer)
            stores.others.servers = servers
            configurations = Configurations(ledger.at, pipeline_text=pipeline_texts(ledger))
            active = ActiveConfiguration(ledger, configurations)
            await active.load()
            file = await self._apply_file(ledger, active, stack)
            views, projector = open_views(settings, ledger, stack)
            reactors = self._start_reactors(ledger, configurations, servers, stack)
            effects = ConfigEffects(ledger, active)
            followers = ConfigurationFollowers(active, effects, settings.roles, self._lifetime, stack)
            secrets = followers.build_secrets(ledger, configurations)
            pollers = self._start_pollers(stores, active, configurations, servers, effects, stack)
            followers.add(pollers.look)
            self._start_retention(stores, views, servers, stack)
            authority = authority_of(settings, self._clock)
            whole_token = whole_token_of(settings, authority)
            await self._start_operations(stores, views, secrets, configurations, stack)
            await self._start_gateway(stores, active, secrets, servers, authority, stack)
            self._start_elastic(stores, whole_token, servers, stack)
            followers.watch_machines(self._gateway.gateway)
            followers.start()
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
                reactors=None if reactors is None else (lambda: reactors.health),
                servers=servers,
                connected_workers=None if service is None else (lambda: service.connected),
                active=active,
                rejected_file=lambda: None if file is None else file.rejected,
                effect_failures=lambda: effects.failing,
                watched_file=None if file is None else file.path,
                overridden_file=lambda: None if file is None else file.overridden,
                retention_waits=self._why_retention_waits,
                configurations=configurations,
                trigger_poll=pollers.trigger,
                revisions=RevisionFinder(settings.state / MIRRORS),
                clock=self._clock,
                keep_artifacts=self._keep_artifacts,
                admin_token=token,
                ended_sessions=await ended_sessions(settings, self._clock, stack),
                token_with_ca=whole_token,
            )
            if listener is not None:
                await self._start_api(dependencies, listener, stack)
            self._lifetime.catch_signals(stack)
            if audience is not None:
                audience.serves(self.url, self.worker_address)
            if audience is not None and audience.follows_builds:
                self._lifetime.watch(tell(ledger, before, audience.happened), "what is told of builds", stack)
            yield self

    def _heard(self, source: str) -> None:
        """Another server was told that a source has changed; called on a thread."""
        with contextlib.suppress(RuntimeError):  # the loop has ended
            self._loop.call_soon_threadsafe(self._poll, source)

    def _keep_head(self, head: SignedHead) -> None:
        self.last_head = head

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

    async def _apply_file(
        self, ledger: Ledger, active: ActiveConfiguration, stack: AsyncExitStack
    ) -> ConfigFile | None:
        if self._settings.config is None:
            return None
        file = ConfigFile(self._settings.config, ledger, active)
        try:
            await file.apply()
        except ConfigErrors as errors:
            if active.revision == 0:
                raise
            found = problems_text(errors.problems, texts=errors.texts)
            _log.error("the configuration in force stays, for the file is bad:\n%s", found)
        await active.load()
        stack.enter_context(handled({signal.SIGHUP: file.look}))
        self._lifetime.watch(file.watch(), "configuration file", stack)
        return file

    def _start_reactors(
        self, ledger: Ledger, configurations: Configurations, servers: Servers, stack: AsyncExitStack
    ) -> LedReactors | None:
        if Role.REACTORS not in self._settings.roles:
            return None
        seconds = self._settings.lease_seconds

        def make() -> Runner:
            return join(
                ledger, self._clock, configurations=configurations, serves=servers.serves, lease_seconds=seconds
            )

        reactors = LedReactors(make)
        self._lifetime.watch(lead(servers, Singleton.REACTORS, reactors.run), "reactors", stack)
        return reactors

    def _start_pollers(
        self,
        stores: Stores,
        active: ActiveConfiguration,
        configurations: Configurations,
        servers: Servers,
        effects: ConfigEffects,
        stack: AsyncExitStack,
    ) -> LedPollers:
        pollers = Pollers(
            ledger=stores.ledger,
            vault=stores.vault,
            mirrors=self._settings.state / MIRRORS,
            random=random.random,
            configurations=configurations,
        )
        led = LedPollers(active, pollers, servers, effects)
        if Role.POLLERS in self._settings.roles:
            self._lifetime.watch(lead(servers, Singleton.POLLERS, led.run), "pollers", stack)
        self._poll = pollers.trigger_poll
        return led

    def _why_retention_waits(self) -> str | None:
        """Why nothing is removed for its age though something would be; None if there is no such reason."""
        trust = self._clock_trust
        return None if trust is None or self._keep_artifacts is None else trust.doubt

    def _start_retention(self, stores: Stores, views: Views, servers: Servers, stack: AsyncExitStack) -> None:
        settings = self._settings
        if Role.GATEWAY in settings.roles:
            self._clock_trust = ClockTrust(stores.ledger, self._clock)
            retention = Retention(
                ledger=stores.ledger,
                views=views,
                artifacts=stores.artifacts,
                clock=self._clock,
                trust=self._clock_trust,
                keep=self._keep_artifacts,
                total_bytes=settings.artifact_total_bytes,
                leads=partial(servers.leads, Singleton.RETENTION),
            )
            self._lifetime.watch(retention.run(), "retention", stack)

    async def _start_operations(
        self, stores: Stores, views: Views, secrets: BuildSecrets, configurations: Configurations, stack: AsyncExitStack
    ) -> None:
        """Where the gateway is: what the operations read was uploaded to this process."""
        if Role.GATEWAY in self._settings.roles:
            ledger, finder = stores.ledger, ArtifactSearch(views)
            operations = ServerOperations(
                ledger,
                performers(ledger, stores.artifacts, finder, configurations, SecretMasking(ledger, secrets).of_build),
                elsewhere_seconds=0.0 if self._settings.database is None else ELSEWHERE_SECONDS,
            )
            await operations.start()
            stack.push_async_callback(operations.stop)

    async def _start_gateway(
        self,
        stores: Stores,
        active: ActiveConfiguration,
        secrets: BuildSecrets,
        servers: Servers,
        authority: Authority,
        stack: AsyncExitStack,
    ) -> None:
        if Role.GATEWAY in self._settings.roles:
            self._gateway = await serve_workers(
                self._settings,
                stores,
                stack,
                active=active,
                secrets=secrets,
                clock=self._clock,
                server_id=self._id,
                servers=servers,
                authority=authority,
            )

    def _start_elastic(
        self, stores: Stores, whole_token: Callable[[str], str], servers: Servers, stack: AsyncExitStack
    ) -> None:
        if Role.ELASTIC not in self._settings.roles:
            return
        home, gateway = self._settings.state / ELASTIC, self._gateway.gateway
        others = HomesOfOtherServers(stores.others)

        async def run() -> None:
            fleet = elastic.join(
                stores.ledger, self._clock, home=home, gateway=gateway, whole_token=whole_token, others=others
            )
            await fleet.run()

        self._lifetime.watch(lead(servers, Singleton.ELASTIC, run), "elastic workers", stack)

    async def _start_api(self, dependencies: ApiDependencies, listener: socket.socket, stack: AsyncExitStack) -> None:
        self.url = await serve_api(dependencies, listener, self._lifetime, stack)
        tell_address(self._settings.state, self.url)
