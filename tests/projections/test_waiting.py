"""Why a request waits: the first reason that holds, in the order in which one would have to be removed."""

from __future__ import annotations

import msgspec
import pytest

from buildledger.config.resolved import Configuration, LockUse
from buildledger.config.values import Expression
from buildledger.projections.waiting import Code, Place, Site, why_waiting
from tests.projections.world import configuration


def place(name: str, **options: object) -> Place:
    """A connected worker with room for one build."""
    plain = {"configured": True, "connected": True, "paused": False, "labels": {}, "capacity": 1, "taken": 0}
    return Place(name=name, **(plain | options))  # type: ignore[arg-type]


@pytest.fixture
def wanted() -> Configuration:
    """Builder `lint`, which wants a Linux worker and the lock `database`."""
    plain = configuration("lint", "docs")
    lint = msgspec.structs.replace(
        plain.builders["lint"],
        worker=Expression(source='worker.labels.os == "linux"'),
        locks=(LockUse(lock="database"),),
    )
    return msgspec.structs.replace(plain, builders={**plain.builders, "lint": lint})


LINUX = {"os": "linux"}


@pytest.mark.parametrize(
    ("places", "running", "code", "about"),
    [
        ((), (), "no_worker_fits", ()),
        ((place("mac", labels={"os": "darwin"}),), (), "no_worker_fits", ()),
        ((place("bare"),), (), "no_worker_fits", ()),
        ((place("stray", labels=LINUX, configured=False),), (), "no_worker_fits", ()),
        ((place("w1", labels=LINUX, connected=False),), (), "no_worker_connected", ("w1",)),
        (
            (place("w1", labels=LINUX, paused=True), place("w2", labels=LINUX, connected=False)),
            (),
            "workers_paused",
            ("w1",),
        ),
        (
            (place("w1", labels=LINUX, connected=False, starting=True), place("w2", labels=LINUX, connected=False)),
            (),
            "worker_starting",
            ("w1",),
        ),
        (
            (place("w1", labels=LINUX, taken=1), place("w2", labels=LINUX, connected=False, starting=True)),
            (),
            "worker_starting",
            ("w2",),
        ),
        (
            (place("w1", labels=LINUX, connected=False, quarantined="no image"),),
            (),
            "workers_quarantined",
            ("w1",),
        ),
        ((place("w1", labels=LINUX),), ("lint",), "lock_held", ()),
        ((place("w1", labels=LINUX, taken=1), place("w2", labels=LINUX, taken=1)), (), "workers_busy", ("w1", "w2")),
        ((place("w1", labels=LINUX, taken=1), place("w2", labels=LINUX)), ("docs",), "next", ("w2",)),
    ],
)
def test_the_first_reason_that_holds(
    wanted: Configuration, places: tuple[Place, ...], running: tuple[str, ...], code: Code, about: tuple[str, ...]
) -> None:
    """Each state of workers and locks has its own reason, which names whom it is about."""
    reason = why_waiting(wanted, "lint", Site(places=places, running=running))
    assert (reason.code, tuple(reason.workers)) == (code, about)
    assert reason.text


def test_a_builder_that_nobody_configures_waits_for_the_configuration(wanted: Configuration) -> None:
    """Without its builder in the configuration, or without any, a request says so."""
    for configured in (wanted, None):
        reason = why_waiting(configured, "gone", Site(places=(place("w1"),), running=()))
        assert reason.code == "builder_not_configured"
