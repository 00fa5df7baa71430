"""Joins the drivers and the loop that drives them."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from buildledger.clock import Clock
from buildledger.elastic.driver import Driver, Gateway
from buildledger.elastic.fleet import Fleet
from buildledger.elastic.jobs import KubernetesDriver
from buildledger.elastic.local import LocalDriver, OtherHomes
from buildledger.elastic.ssh import SshDriver
from buildledger.ledger.ledger import Ledger


def join(
    ledger: Ledger,
    clock: Clock,
    *,
    home: Path,
    gateway: Gateway,
    whole_token: Callable[[str], str],
    others: OtherHomes,
) -> Fleet:
    """All drivers, ready to run.

    `home` is this process's own directory for them, `others` are those of other servers; `whole_token` adds to a
    token whom its worker may trust.
    """
    drivers: dict[str, Driver] = {
        "local": LocalDriver(home, gateway, others),
        "ssh": SshDriver(gateway, home),
        "kubernetes": KubernetesDriver(),
    }
    return Fleet(ledger, clock, drivers, whole_token)
