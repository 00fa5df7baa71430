"""What the server says of its readers."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import ClassVar

import httpx
import msgspec
import psycopg
import pytest
import sqlalchemy as sa

from buildledger.api.queries.contradictions import SHOWN_FOR
from buildledger.api.queries.health import HealthCheck, health_of
from buildledger.domain.source import ReportSourceFailure, ReportSourceRecovery
from buildledger.domain.worker import ContradictLedger
from buildledger.events.change import ChangeRecorded, FailureCause
from buildledger.events.fact import Fact, Recorded
from buildledger.ledger.errors import LedgerUnavailable
from buildledger.ledger.submission import Origin
from buildledger.projections.changes import Changes
from buildledger.projections.projection import ProjectionWriter
from buildledger.projections.projector import Projector
from buildledger.projections.storage import PostgresViews, SqliteViews
from buildledger.projections.views import Views
from buildledger.projections.workers import Workers
from buildledger.reactors.runner import Health
from buildledger.testing.clock import VirtualClock
from tests.api.conftest import Site, inside, settled
from tests.fakes.full_disk import files_no_larger_than


class Failing:
    """A projection that can't write its third commit."""

    NAME: ClassVar[str] = "failing"
    VERSION: ClassVar[int] = 1
    METADATA: ClassVar[sa.MetaData] = sa.MetaData()
    FACTS: ClassVar[frozenset[type[Fact]]] = frozenset({ChangeRecorded})

    def writer(self) -> ProjectionWriter:
        return FailingWriter()


class FailingWriter:
    def apply(self, connection: sa.Connection, batch: Sequence[Recorded]) -> None:
        if any(isinstance(one.fact, ChangeRecorded) and one.fact.revision.endswith("3") for one in batch):
            raise ValueError("the third is too much")


async def test_health_shows_every_reader(site: Site, client: httpx.AsyncClient) -> None:
    """Each reader is listed with its position and lag; all well is 200."""
    site.world.act(20)
    head = await settled(site)
    answer = await client.get("/api/v1/health")
    assert answer.status_code == 200
    health = answer.json()
    assert (health["status"], health["position"], health["problems"]) == ("ok", head, [])
    assert {reader["name"] for reader in health["readers"]} >= {"status", "queue", "blamelist"}
    assert {reader["lag"] for reader in health["readers"]} == {0}


async def test_a_reader_that_goes_on_without_a_fact_degrades_health(site: Site) -> None:
    """It is named with the fact and, for those who are signed in, the reason."""
    projector = Projector(site.ledger, failing_views(site))
    for _ in range(3):
        site.world.commit("main")
    projector.catch_up()
    await settled(site)
    said = health_of(site.deps)
    assert said.status == "degraded"
    (problem,) = said.problems
    assert "failing goes on without a fact, at position" in problem
    assert "(change.recorded.v2: ValueError: the third is too much)" in problem
    async with site.client(**{"X-Nobody": "knows"}) as stranger:
        answer = await stranger.get("/api/v1/health")
    assert answer.status_code == 200
    assert "goes on without a fact" in answer.text
    assert "third" not in answer.text


async def test_a_worker_that_knows_another_ledger_degrades_health(site: Site) -> None:
    """For a week, by name for those who are signed in."""
    said = ContradictLedger(worker="w1", head_position=10**6, head_digest="ab", ledger_position=7)
    site.ledger.execute_blocking(said, origin=Origin(actor="worker:w1"))
    health = health_of(site.deps)
    assert health.status == "degraded"
    (problem,) = health.problems
    assert problem.startswith("1 worker came with a head that the ledger doesn't hold")
    assert "w1 at 20" in problem
    assert "with one of position 1000000, and it ended at 7" in problem
    assert "w1" not in str(health_of(site.deps, detailed=False).problems)
    later = VirtualClock(site.deps.clock.now() + SHOWN_FOR + timedelta(seconds=1))
    assert health_of(replace(site.deps, clock=later)).problems == []


class Closed(Failing):
    """A projection whose database is away."""

    NAME: ClassVar[str] = "closed"

    def writer(self) -> ProjectionWriter:
        return ClosedWriter()


class ClosedWriter:
    def apply(self, connection: sa.Connection, batch: Sequence[Recorded]) -> None:
        raise sa.exc.OperationalError("INSERT INTO x VALUES ('hush')", {}, Exception("unable to open hush"))


async def test_a_reader_that_stands_still_makes_health_fail(site: Site) -> None:
    """It is named with its reason, but without the statement and its values, and not at all to strangers."""
    views = Views(SqliteViews(site.deps.dashboard.parent / "closed"), (Closed(), Workers(), Changes()))
    projector = Projector(site.ledger, views)
    site.world.commit("main")
    projector.catch_up()
    deps = replace(site.deps, views=views, projector=projector)
    health = health_of(deps)
    assert health.status == "failing"
    assert "Exception: unable to open" in health.problems[0]
    assert "INSERT" not in health.problems[0]
    assert health.readers[0].lag > 0
    untold = msgspec.json.encode(health_of(deps, detailed=False))
    assert b"hush" not in untold
    assert b"sign in" in untold
    views.close()


def failing_views(site: Site) -> Views:
    """Views of which one fails."""
    return Views(SqliteViews(site.deps.dashboard.parent / "failing"), (Failing(), Workers(), Changes()))


async def test_what_the_reactors_cannot_do_degrades(site: Site) -> None:
    """A trigger that has stopped and a command that is held back are named, for strangers counted; nothing fails."""
    stopped = Health(position=0, lag=0, triggers={"nightly": "no such zone"}, held_back=("one", "two"))
    deps = replace(site.deps, reactors=lambda: stopped)
    health = health_of(deps, detailed=False)
    assert health.status == "degraded"
    assert health.problems == ["1 trigger has stopped", "2 commands have been held back"]
    assert health_of(deps, detailed=True).problems == [
        "trigger 'nightly' has stopped: no such zone",
        "held back: one",
        "held back: two",
    ]


async def test_a_source_that_cannot_be_read_degrades(site: Site) -> None:
    """Which, since when and why, for strangers how many; nothing of it is left when the source is back."""
    site.world.execute(ReportSourceFailure(source="widget", cause=FailureCause.NETWORK, detail="no route to host"))
    site.settle()
    health = health_of(site.deps)
    assert health.status == "degraded"
    [problem] = health.problems
    assert re.fullmatch(
        r"source widget can't be read since [-0-9]+ [:0-9]+ UTC: it can't be reached \(network\): no route to host",
        problem,
    )
    assert health_of(site.deps, detailed=False).problems == ["1 of the sources can't be read"]
    site.world.execute(ReportSourceRecovery(source="widget"))
    site.settle()
    assert health_of(site.deps).status == "ok"


async def test_a_rejected_file_degrades(site: Site) -> None:
    """What is wrong with it is told to those who are signed in."""
    deps = replace(site.deps, rejected_file=lambda: "ci.yaml:3:1: unknown key 'workres'")
    assert health_of(deps, detailed=False).problems == [
        "the configuration file is not applied, and the configuration in force stays"
    ]
    assert health_of(deps).problems[0].endswith("stays: ci.yaml:3:1: unknown key 'workres'")


async def test_a_ledger_that_cannot_be_written_is_told(site: Site) -> None:
    """As soon as a command was refused for it, until one is recorded again."""
    with files_no_larger_than(1):
        with pytest.raises(LedgerUnavailable):
            site.world.execute(ReportSourceFailure(source="widget", cause=FailureCause.NETWORK, detail="no route"))
        health = health_of(site.deps)
        assert health.status != "ok"
        assert any(problem.startswith("the ledger can't be written: ") for problem in health.problems)
        assert "the ledger can't be written" in health_of(site.deps, detailed=False).problems
    site.world.execute(ReportSourceRecovery(source="widget"))
    site.world.execute(ReportSourceFailure(source="widget", cause=FailureCause.NETWORK, detail="no route"))
    site.world.execute(ReportSourceRecovery(source="widget"))
    site.settle()
    assert health_of(site.deps).status == "ok"


@pytest.mark.postgresql
async def test_a_database_that_does_not_answer_degrades(tmp_path: Path, postgresql_url: str) -> None:
    """Health answers all the same, however often it is asked, and all is well when the database answers again."""
    with inside(tmp_path, postgresql_url, PostgresViews(postgresql_url)) as site:
        site.app.state.health = HealthCheck(answer_seconds=0.3)
        async with site.client() as client:
            with psycopg.connect(postgresql_url) as silent:
                silent.execute(
                    f"LOCK TABLE view_changes_v{Changes.VERSION}_g1.source IN ACCESS EXCLUSIVE MODE".encode()
                )
                for _ in range(4):
                    said = (await client.get("/api/v1/health")).json()
                    assert said["status"] == "degraded"
                    assert "the database hasn't answered for 0.3 s" in said["problems"]
                    assert "changes" in [reader["name"] for reader in said["readers"]]
            site.app.state.health = HealthCheck()
            assert (await client.get("/api/v1/health")).json()["problems"] == []
