"""What a server can't follow of the configuration in force: told to the ledger once, and to health until it can."""

from __future__ import annotations

import logging
from collections.abc import Mapping

from buildledger.domain.config import ReportConfigEffectFailure
from buildledger.events.limits import LINE_CHARACTERS, storable
from buildledger.intake.active_configuration import ActiveConfiguration
from buildledger.ledger.errors import LedgerUnavailable
from buildledger.ledger.ledger import Ledger
from buildledger.ledger.submission import Origin

_log = logging.getLogger(__name__)


class ConfigEffects:
    """The components that couldn't follow when they tried last. Use it from one event loop."""

    def __init__(self, ledger: Ledger, active: ActiveConfiguration) -> None:
        self._ledger = ledger
        self._active = active
        self._told: set[tuple[int, str, str]] = set()
        self._failing: dict[str, dict[str, str]] = {}

    @property
    def failing(self) -> dict[str, str]:
        """Why, by component."""
        return {component: why for failures in self._failing.values() for component, why in failures.items()}

    async def note(self, part: str, failures: Mapping[str, str]) -> None:
        """Take over which components of a part of the server fail now, and why; nothing of the other parts is changed.

        Each is recorded once a revision and reason.
        """
        for component in self._failing.get(part, {}).keys() - failures.keys():
            _log.info("%s follows the configuration again", component)
        self._failing[part] = dict(failures)
        revision = self._active.revision
        self._told = {told for told in self._told if told[0] == revision}
        for component, detail in failures.items():
            if (revision, component, detail) in self._told:
                continue
            _log.error(
                "%s can't follow revision %s of the configuration, trying again: %s", component, revision, detail
            )
            report = ReportConfigEffectFailure(
                revision=revision, component=component, detail=storable(detail, LINE_CHARACTERS)
            )
            try:
                await self._ledger.execute(report, origin=Origin(actor="system"))
            except LedgerUnavailable as error:
                _log.warning("that %s can't follow isn't recorded: %s", component, error)
            else:
                self._told.add((revision, component, detail))
