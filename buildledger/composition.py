"""The only place that constructs and joins: settings in, a running server out."""

from __future__ import annotations

import asyncio
import contextlib
import fcntl
import logging
import os
import platform
import random
import secrets
import signal
import sys
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import uvicorn

from buildledger import __version__
from buildledger.api.app import make_app
from buildledger.api.dependencies import ApiDependencies
from buildledger.clock import SystemClock
from buildledger.config.problems import ConfigErrors
from buildledger.config.report import problems_text
from buildledger.domain.server import StartServer, StopServer
from buildledger.elastic import assembly as elastic
from buildledger.elastic.driver import Gateway
from buildledger.events.ids import ServerId
from buildledger.intake.active_configuration import ActiveConfiguration
from buildledger.intake.config_file import ConfigFile
from buildledger.intake.pollers import Pollers
from buildledger.intake.retention import Retention
from buildledger.ledger.keeper import TreeKeeper
from buildledger.ledger.ledger import Ledger
from buildledger.ledger.proof import Tree
from buildledger.ledger.signing import HeadKey
from buildledger.ledger.submission import Origin
from buildledger.ledger.vault import Vault
from buildledger.logs.artifacts import ArtifactLimits
from buildledger.logs.artifacts_local import LocalArtifactStore
from buildledger.logs.local import LocalLogStore
from buildledger.projections.artifact_search import ArtifactSearch
from buildledger.projections.projector import Projector
from buildledger.projections.storage import open_storage
from buildledger.projections.views import Views
from buildledger.reactors.assembly import join
from buildledger.reactors.runner import Runner
from buildledger.settings import ADDRESS_FILE, ADMIN_TOKEN_FILE, AutoTls, Role, ServerSettings, SettingsError, Tls
from buildledger.slave_grpc.authority import Authority
from buildledger.slave_grpc.issuing import joined
from buildledger.slave_grpc.service import WorkerService
from buildledger.slave_grpc.settings import WorkerServiceSettings

LOCK_FILE = "server.lock"
ADMIN_TOKEN_BYTES = 32
DRAIN_SECONDS = 3.0
SWITCH_SECONDS = 0.0005
"""How long a busy thread may keep the others waiting; with Python's 5 ms the event loop starves the writer."""
HEAD_KEY_NAME = "buildledger"

_log = logging.getLogger(__name__)


async def run_server(settings: ServerSettings, announce: Callable[[str], None]) -> None:
    """Serve until SIGTERM or SIGINT.

    Raises: SettingsError; ConfigErrors if the configuration file is bad at the start.
    """
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)-7s %(name)s: %(message)s")
    sys.setswitchinterval(SWITCH_SECONDS)
    logging.getLogger("httpx").setLevel(logging.WARNING)
    async with Server(settings).running() as server:
        announce(f"Build Ledger {__version__} serves {server.url}, workers at {server.worker_address}")
        await server.stopped()


class Server:
    """One server process, with the roles it was given."""

    def __init__(self, settings: ServerSettings) -> None:
        self._settings = settings
        self._id = ServerId(uuid4())
        self._clock = SystemClock()
        self._ending = asyncio.Event()
        self._failure: BaseException | None = None
        self.url = ""
        self.worker_address = "nowhere: this process has no gateway"
        self._gateway = Gateway("", secured=False)

    @asynccontextmanager
    async def running(self) -> AsyncIterator[Server]:
        """Everything started, in the order of need; stopped in the opposite order."""
        settings = self._settings
        async with AsyncExitStack() as stack:
            stack.enter_context(_sole_owner(settings.state))
            ledger = self._open_ledger(stack)
            vault = Vault.open(self._database)
            stack.callback(vault.close)
            tree = Tree.open(ledger.store, self._database)
            key = HeadKey.at(settings.state / "head-key.pem", HEAD_KEY_NAME)
            stack.callback(TreeKeeper(ledger, tree, key, self._clock).close)
            logs = LocalLogStore(settings.state / "logs")
            artifacts = LocalArtifactStore(settings.state / "artifacts", settings.artifact_total_bytes)
            stack.push_async_callback(asyncio.to_thread, logs.close)
            await self._say_hello(ledger, stack)
            active = ActiveConfiguration(ledger)
            await active.load()
            await self._apply_file(ledger, active, stack)
            views, projector = self._start_projections(ledger, stack)
            runner = self._start_reactors(ledger, stack)
            pollers = Pollers(ledger=ledger, vault=vault, mirrors=settings.state / "mirrors", random=random.random)
            stack.push_async_callback(pollers.close)
            self._watch(self._follow_configuration(active, pollers), "configuration", stack)
            self._start_retention(ledger, views, artifacts, stack)
            authority = self._authority()
            gateway = await self._start_gateway(
                ledger, logs, artifacts, ArtifactSearch(views), vault, active, authority, stack
            )
            self._start_elastic(ledger, authority, stack)
            dependencies = ApiDependencies(
                ledger=ledger,
                vault=vault,
                tree=tree,
                head_key=key,
                logs=logs,
                artifacts=artifacts,
                views=views,
                projector=projector,
                reactors=None if runner is None else (lambda: runner.health),
                connected_workers=None if gateway is None else (lambda: gateway.connected),
                active=active,
                notify_source=pollers.notify,
                clock=self._clock,
                keep_artifacts=self._keep_artifacts,
                admin_token=_admin_token(settings.state),
                whole_token=self._whole_token(authority),
            )
            await self._start_api(dependencies, stack)
            self._catch_signals(stack)
            yield self

    async def stopped(self) -> None:
        """Return when a signal asks for the end. Raises: what made a part of the server fail."""
        await self._ending.wait()
        if self._failure is not None:
            raise self._failure

    @property
    def _database(self) -> str:
        return self._settings.database or f"sqlite:///{self._settings.state / 'ledger.db'}"

    @property
    def _keep_artifacts(self) -> timedelta | None:
        days = self._settings.artifact_days
        return None if days is None else timedelta(days=days)

    def _open_ledger(self, stack: AsyncExitStack) -> Ledger:
        ledger = Ledger.open(self._database, clock=self._clock)
        stack.callback(ledger.close)
        return ledger

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
            if active.current is None:
                raise
            _log.error("the configuration in force stays, for the file is bad:\n%s", problems_text(errors.problems))
        await active.load()
        with contextlib.suppress(NotImplementedError):
            asyncio.get_running_loop().add_signal_handler(signal.SIGHUP, file.look)
        self._watch(file.watch(), "configuration file", stack)

    def _start_projections(self, ledger: Ledger, stack: AsyncExitStack) -> tuple[Views, Projector | None]:
        views = Views(open_storage(self._settings.state / "views", self._settings.database))
        stack.callback(views.close)
        if Role.PROJECTIONS not in self._settings.roles:
            views.follow_others()
            return views, None
        projector = Projector(ledger, views)
        projector.start()
        stack.push_async_callback(asyncio.to_thread, projector.close)
        return views, projector

    def _start_reactors(self, ledger: Ledger, stack: AsyncExitStack) -> Runner | None:
        if Role.REACTORS not in self._settings.roles:
            return None
        runner = join(
            ledger,
            self._clock,
            serves=lambda server_id: server_id == self._id or self._settings.database is not None,
            lease_seconds=self._settings.lease_seconds,
        )
        self._watch(runner.run(), "reactors", stack)
        return runner

    def _start_retention(
        self, ledger: Ledger, views: Views, artifacts: LocalArtifactStore, stack: AsyncExitStack
    ) -> None:
        settings = self._settings
        if Role.GATEWAY in settings.roles:
            retention = Retention(
                ledger=ledger,
                views=views,
                artifacts=artifacts,
                clock=self._clock,
                keep=self._keep_artifacts,
                total_bytes=settings.artifact_total_bytes,
            )
            self._watch(retention.run(), "retention", stack)

    async def _follow_configuration(self, active: ActiveConfiguration, pollers: Pollers) -> None:
        async for configuration in active.changes():
            if Role.POLLERS in self._settings.roles:
                await pollers.apply(configuration.sources)

    def _authority(self) -> Authority:
        """What certifies workers. Raises: SettingsError."""
        files = self._settings.worker_ca
        return Authority.at(self._settings.state, self._clock.now()) if files is None else Authority.of(files)

    def _whole_token(self, authority: Authority) -> Callable[[str], str]:
        """What makes of an enrollment token the text that a worker is given."""
        if isinstance(self._settings.grpc_tls, AutoTls):
            return lambda token: joined(token, authority.certificate_der)
        return lambda token: token

    async def _start_gateway(
        self,
        ledger: Ledger,
        logs: LocalLogStore,
        artifacts: LocalArtifactStore,
        finder: ArtifactSearch,
        vault: Vault,
        active: ActiveConfiguration,
        authority: Authority,
        stack: AsyncExitStack,
    ) -> WorkerService | None:
        settings = self._settings
        if Role.GATEWAY not in settings.roles:
            return None
        gateway = WorkerService(
            ledger=ledger,
            logs=logs,
            artifacts=artifacts,
            limits=ArtifactLimits(
                file_bytes=settings.artifact_file_bytes,
                build_bytes=settings.artifact_build_bytes,
                total_bytes=settings.artifact_total_bytes,
            ),
            finder=finder,
            installation_key=vault.installation_key,
            secrets=active,
            clock=self._clock,
            server_id=self._id,
            settings=WorkerServiceSettings(
                heartbeat_seconds=settings.heartbeat_seconds,
                lease_seconds=settings.lease_seconds,
                tls=settings.grpc_tls,
                credential_seconds=settings.credential_seconds,
                only_server=settings.database is None,
            ),
            authority=authority,
            is_configured=lambda worker: settings.unknown_workers or active.names_worker(worker),
        )
        port = await gateway.start(settings.grpc, settings.grpc_mtls)
        stack.push_async_callback(gateway.stop)
        stack.push_async_callback(gateway.drain, DRAIN_SECONDS)
        self.worker_address = f"{settings.grpc.host}:{port}"
        self._gateway = Gateway(str(settings.grpc.reachable(port)), secured=isinstance(settings.grpc_tls, Tls))
        if settings.grpc_mtls is not None:
            self.worker_address += f" (with certificates at {settings.grpc_mtls.host}:{gateway.mutual_port})"
        return gateway

    def _start_elastic(self, ledger: Ledger, authority: Authority, stack: AsyncExitStack) -> None:
        if Role.ELASTIC in self._settings.roles:
            home, whole_token = self._settings.state / "elastic", self._whole_token(authority)
            fleet = elastic.join(ledger, self._clock, home=home, gateway=self._gateway, whole_token=whole_token)
            self._watch(fleet.run(), "elastic workers", stack)

    async def _start_api(self, dependencies: ApiDependencies, stack: AsyncExitStack) -> None:
        if Role.API not in self._settings.roles:
            return
        address = self._settings.http
        app = make_app(dependencies)
        config = uvicorn.Config(
            app,
            host=address.host,
            port=address.port,
            log_level="warning",
            access_log=False,
            lifespan="off",
            timeout_graceful_shutdown=2,
            server_header=False,
        )
        server = _Uvicorn(config)
        serving = asyncio.create_task(server.serve(), name="api")
        self._end_with(serving, "API")
        while not server.started and not serving.done():  # noqa: ASYNC110 - uvicorn has no event for it
            await asyncio.sleep(0.005)
        if serving.done():
            raise SettingsError(f"the API can't listen on {address}: the port is taken or not allowed")
        stack.push_async_callback(_end_uvicorn, server, serving)
        stack.callback(app.state.streams.close)
        port = server.servers[0].sockets[0].getsockname()[1]
        self.url = f"http://{address.host}:{port}"
        _write_private(self._settings.state / ADDRESS_FILE, self.url)

    def _watch(self, work: object, name: str, stack: AsyncExitStack) -> None:
        """Run a part for as long as the server runs; its failure ends the server loudly."""
        task = asyncio.ensure_future(work)  # type: ignore[call-overload]
        task.set_name(name)
        self._end_with(task, name)
        stack.push_async_callback(_end_task, task)

    def _end_with(self, task: asyncio.Task[None], name: str) -> None:
        def ended(task: asyncio.Task[None]) -> None:
            if not task.cancelled() and (error := task.exception()) is not None:
                _log.critical("%s failed; the server stops: %s", name, error)
                self._failure = error
                self._ending.set()

        task.add_done_callback(ended)

    def _catch_signals(self, stack: AsyncExitStack) -> None:
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._ending.set)
            stack.callback(loop.remove_signal_handler, number)


class _Uvicorn(uvicorn.Server):
    """Leaves signals to the server as a whole."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Capture none."""
        yield


async def _end_uvicorn(server: uvicorn.Server, serving: asyncio.Task[None]) -> None:
    server.should_exit = True
    await serving


async def _end_task(task: asyncio.Task[None]) -> None:
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


@contextmanager
def _sole_owner(state: Path) -> Iterator[None]:
    """Hold the state directory: two processes on one log store, or on one SQLite ledger, would overtake each other."""
    state.mkdir(parents=True, exist_ok=True)
    state.chmod(0o700)
    with (state / LOCK_FILE).open("a+") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            lock.seek(0)
            holder = lock.read().strip() or "unknown"
            raise SettingsError(f"{state} belongs to a running server, process {holder}") from None
        lock.truncate(0)
        lock.write(str(os.getpid()))
        lock.flush()
        yield


def _admin_token(state: Path) -> str:
    """Made at the first start; whoever can read the file is the administrator."""
    path = state / ADMIN_TOKEN_FILE
    if not path.exists():
        _write_private(path, secrets.token_urlsafe(ADMIN_TOKEN_BYTES))
    return path.read_text().strip()


def _write_private(path: Path, text: str) -> None:
    """Atomically, readable by the owner only."""
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "w") as sink:
        sink.write(text + "\n")
        sink.flush()
        os.fsync(sink.fileno())
    beside.replace(path)
