"""What several rooms need: a real PostgreSQL server, started once and stopped again, the supervisor, who runs where."""

from __future__ import annotations

import os
import platform
import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from xdist.scheduler import LoadScopeScheduling  # type: ignore[import-untyped]

from tests.fakes.postgresql import PostgresqlCluster, postgresql_cluster

# Nothing here asserts a time. Where `CI` is set the examples are the same in every run; elsewhere they differ.
settings.register_profile(
    "house", deadline=None, suppress_health_check=[HealthCheck.too_slow], derandomize="CI" in os.environ
)
settings.load_profile("house")


def pytest_configure() -> None:
    """Hear Ctrl-C: where a shell put the tests into the background they ignore it, and so would all that they start."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


TOGETHER = (
    "tests/browser/",
    "tests/wine/",
    "tests/cli/test_damaged.py",
    "tests/conformance/test_cheats.py",
    "tests/faults/test_altered.py",
)
"""Rooms whose tests share one thing of a machine, and files whose tests share what is costly to make.

They run in one process, one after the other, and first. Marks would say the same, but pytest-xdist 3.8 can't hand
those on with the node ids of pytest 9.2.
"""


class ByRoom(LoadScopeScheduling):  # type: ignore[misc]
    """Gives what has to stay together to one process, and of all others each test to whoever is free."""

    def _split_scope(self, nodeid: str) -> str:
        return next((start for start in TOGETHER if nodeid.startswith(start)), nodeid)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> ByRoom:
    return ByRoom(config, log)


@pytest.fixture(scope="session")
def postgresql() -> Iterator[PostgresqlCluster]:
    """A running server."""
    with postgresql_cluster() as cluster:
        yield cluster


@pytest.fixture
def postgresql_url(postgresql: PostgresqlCluster) -> Iterator[str]:
    """A database of the test's own, dropped afterwards whoever is still connected."""
    with postgresql.database() as url:
        yield url


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgresql)])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """An empty database, of each kind in turn."""
    if request.param == "sqlite":
        return f"sqlite:///{tmp_path}/ledger.db"
    url = request.getfixturevalue("postgresql_url")
    assert isinstance(url, str)
    return url


@pytest.fixture(scope="session")
def supervisor() -> Path:
    """The native supervisor `bl-run`, as `make workers` builds it."""
    architecture = {"x86_64": "amd64", "aarch64": "arm64"}.get(platform.machine(), platform.machine())
    program = Path(__file__).parent.parent / "out" / "workers" / f"bl-run-linux-{architecture}"
    if not program.is_file():
        pytest.fail(f"these tests need the native supervisor and there is no {program}: run `make workers`")
    return program


@pytest.fixture(scope="session")
def go_worker(supervisor: Path) -> Path:
    """The worker in Go, which also carries out single runs for workers in other languages."""
    return supervisor.with_name(supervisor.name.replace("bl-run", "bl-worker"))
