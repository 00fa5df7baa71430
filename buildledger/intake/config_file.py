"""The configuration file, or directory, of a server: applied at the start and when it changes, but never a bad one."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from pathlib import Path

from buildledger.config.load import Loader
from buildledger.config.plan.diff import diff
from buildledger.config.plan.plan import stored_lines
from buildledger.config.problems.problem import ConfigErrors
from buildledger.config.problems.report import problems_text
from buildledger.config.reading.files import Stamp, stamp
from buildledger.config.resolved import Configuration
from buildledger.config.stored import read_configuration
from buildledger.domain.config import ApplyConfig
from buildledger.domain.refusals import ConfigReplacedRefusal
from buildledger.events.limits import LINE_CHARACTERS, storable
from buildledger.intake.active_configuration import ActiveConfiguration
from buildledger.ledger.ledger import Ledger
from buildledger.ledger.skipping import reason_of, traced
from buildledger.ledger.submission import Origin, Receipt

LOOK_SECONDS = 0.15
"""Between two looks at times and sizes. What has changed is read when it looks the same twice, so that a file that a
program is still writing isn't taken for a short one."""
AGAIN_SECONDS = 15.0
"""Until the second try while secrets can't be had, for nothing of the file tells when they can; doubled each time."""
AGAIN_MAX = 20
"""The longest pause between two such tries, in the first pauses: a large file takes seconds."""
SECRET_CODES = frozenset({"secrets-unreachable", "missing-secret", "secret-unmaskable"})
"""What is wrong with a file, and comes right without a change of it."""

_log = logging.getLogger(__name__)


class ConfigFile:
    """Keeps the configuration in force equal to a file, or to a directory of files."""

    def __init__(
        self, path: Path, ledger: Ledger, active: ActiveConfiguration, *, again_seconds: float = AGAIN_SECONDS
    ) -> None:
        self._again_seconds = again_seconds
        self._path = path
        self._ledger = ledger
        self._active = active
        self._loader = Loader()
        self._look_now = asyncio.Event()
        self._seen: Stamp | None = None
        self._again_at: float | None = None
        """When to try it again although it hasn't changed, by the event loop's clock."""
        self._agains = 0
        """Pauses since it was tried because it has changed, counted in the first one's length."""
        self._logged: tuple[Stamp | None, str] | None = None
        """What was said last to be wrong, of which state of the file."""
        self._applied: Configuration | None = None
        """What the file said when it was applied last."""
        self._position = 0
        """Up to which the ledger was known then: what was applied before it has been replaced by the file."""
        self.rejected: str | None = None
        """What is wrong with the file as it was looked at last, for people; None if it is in force."""

    @property
    def path(self) -> str:
        """The file, as it was given."""
        return str(self._path)

    @property
    def overridden(self) -> str | None:
        """That something else is in force than the file said last, and until when, for people; None: the file is."""
        applied = self._active.applied
        if applied is None or applied.position <= self._position or applied.digest == self._applied_digest:
            return None
        return (
            f"revision {applied.revision}, applied at {applied.at:%Y-%m-%d %H:%M} UTC from {applied.source}, is in"
            f" force and not what {self._path} says; the file comes into force again when it is changed, or at the"
            " next start"
        )

    async def apply(self) -> Receipt:
        """Apply it as it stands; one that says what is in force already decides nothing.

        Raises:
            ConfigErrors
            LedgerUnavailable
        """
        now = stamp(self._path)
        if now != self._seen:
            self._agains = 0
        self._seen, self._again_at = now, None
        try:
            receipt = await self._apply()
        except ConfigErrors as errors:
            self.rejected = _first_of(errors)
            if any(problem.code in SECRET_CODES for problem in errors.problems):
                self._agains = min(max(1, self._agains * 2), AGAIN_MAX)
                self._again_at = asyncio.get_running_loop().time() + self._agains * self._again_seconds
            raise
        except Exception as error:
            self.rejected = f"{self._path} could not be applied: {error}"
            raise
        self.rejected = None
        return receipt

    async def _apply(self) -> Receipt:
        loaded = await asyncio.to_thread(self._loader.read, self._path)
        text = loaded.sound.to_json()
        # as whoever follows the ledger reads it: it shares with what is in force all that hasn't changed
        wanted = await asyncio.to_thread(read_configuration, text)
        if wanted.digest != self._applied_digest and loaded.problems:
            warnings = problems_text(loaded.problems, texts=loaded.given.texts)
            _log.warning("%s can be applied, but has warnings:\n%s", self._path, warnings)
        while True:
            current, required = await asyncio.to_thread(self._active.newest)
            command = ApplyConfig(
                digest=wanted.digest,
                text=text,
                origin=self._origin,
                plan=stored_lines(await asyncio.to_thread(diff, current, wanted)),
            )
            with contextlib.suppress(ConfigReplacedRefusal):  # then the plan would be of another one
                replaced = self._active.applied
                receipt = await self._ledger.execute(*required, command, origin=Origin(actor="system"))
                break
        self._applied, self._position = wanted, receipt.position
        if receipt.positions and replaced is not None and replaced.source != self._origin:
            _log.warning("%s replaces revision %s, applied from %s", self._path, replaced.revision, replaced.source)
        return receipt

    @property
    def _applied_digest(self) -> str | None:
        return None if self._applied is None else self._applied.digest

    @property
    def _origin(self) -> str:
        return storable(str(self._path.resolve()), LINE_CHARACTERS)

    def look(self) -> None:
        """Apply it soon even if it looks the same, as SIGHUP asks for."""
        self._seen = None
        self._look_now.set()

    async def watch(self) -> None:
        """Apply it whenever it changes, for ever; what is wrong with it is logged and nothing else happens."""
        before = self._seen
        while True:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(LOOK_SECONDS):
                    await self._look_now.wait()
            now = stamp(self._path)
            is_quiet = now == before or self._look_now.is_set()
            self._look_now.clear()
            before = now
            if is_quiet and (now != self._seen or self._is_due()):
                await self._try()

    def _is_due(self) -> bool:
        return self._again_at is not None and asyncio.get_running_loop().time() >= self._again_at

    async def _try(self) -> None:
        try:
            receipt = await self.apply()
        except ConfigErrors as errors:
            wrong = problems_text(errors.problems, texts=errors.texts)
            if self._logged != (self._seen, wrong):
                _log.error("%s is not applied; the configuration in force stays:\n%s", self._path, wrong)
            self._logged = (self._seen, wrong)
        except Exception as error:
            _log.error("%s could not be applied: %s", self._path, reason_of(error), exc_info=traced(error))
            self._seen = None
        else:
            self._logged = None
            if receipt.positions:
                _log.info("%s is applied at position %s", self._path, receipt.position)


def _first_of(errors: ConfigErrors) -> str:
    """The first error of a file, and how many more there are: one line has to do."""
    found = [str(problem) for problem in errors.problems if problem.severity == "error"]
    return f"{found[0]}, and {len(found) - 1} more" if len(found) > 1 else found[0]
