"""Writes facts about machines and missing workers to the server's log."""

from __future__ import annotations

import logging

from buildledger.domain.machine import ALERT_AFTER_FAILURES
from buildledger.events import machine as events
from buildledger.events import worker as worker_events
from buildledger.events.fact import Fact

_log = logging.getLogger(__name__)


def log_fact(fact: Fact) -> None:
    """Log a fact that is about a machine or a missing worker; as an error once it has failed several times in a row."""
    match fact:
        case events.MachineStartRequested(worker=worker, start=start, reason=reason):
            _log.info("worker %s is started (number %d): %s", worker, start, reason)
        case events.MachineStarted(worker=worker, place=place):
            _log.info("worker %s was started: %s", worker, place)
        case events.MachineQuarantined(worker=worker, until=until, failures=failures, reason=reason):
            level = logging.ERROR if failures >= ALERT_AFTER_FAILURES else logging.WARNING
            times = "once" if failures == 1 else f"{failures} times in a row"
            at = f"{until:%Y-%m-%d %H:%M:%S} UTC"
            _log.log(level, "worker %s has failed %s; not again before %s: %s", worker, times, at, reason)
        case events.MachineStopRequested(worker=worker, reason=reason):
            _log.info("worker %s is stopped: %s", worker, reason)
        case events.MachineStopped(worker=worker, reason=reason):
            _log.info("worker %s has stopped: %s", worker, reason)
        case worker_events.WorkerMissing(worker=worker, since=since):
            _log.warning("worker %s is missing: it has been away since %s UTC", worker, f"{since:%Y-%m-%d %H:%M:%S}")
        case worker_events.WorkerReturned(worker=worker):
            _log.warning("worker %s is back", worker)
        case _:
            return
