"""What a reader does about a fact that it fails on: wait if the cause passes, else set the fact aside and say so.

A reader that stood still for one fact would be wrong about all that come after it. So the fact is set aside as a fact
of its own (`projection.skipped`), which health and `audit verify` show, and the reader goes on.
"""

from __future__ import annotations

from eventsourcing.persistence import PersistenceError
from sqlalchemy import exc

from buildledger.domain.projection import SkipFact
from buildledger.events.fact import Recorded
from buildledger.events.limits import LINE_CHARACTERS, storable
from buildledger.events.projection import ProjectionSkipped
from buildledger.ledger.errors import LedgerUnavailable

FIRST_WAIT_SECONDS = 0.1
LONGEST_WAIT_SECONDS = 5.0
SKIPPED_MAX = 1_000
"""Facts that one reader sets aside in one process. Beyond that it is the reader that is wrong, and it stands still."""
_OF_THE_VALUE = ("22", "23", "54")
"""Classes of PostgreSQL's errors that blame what was to be written: data, integrity, limits of the program."""
_PASSING = (
    OSError,
    MemoryError,
    PersistenceError,
    LedgerUnavailable,
    exc.InterfaceError,
    exc.TimeoutError,
    exc.ResourceClosedError,
)


def is_passing(error: BaseException) -> bool:
    """Whether trying again may help: descriptors, memory or the disk ran out, or a database is away, locked or broken.

    What a database says of a value that it was given (too large, with a NUL, of another type) doesn't pass.
    """
    if isinstance(error, exc.DBAPIError):
        state = getattr(error.orig, "sqlstate", None)
        if isinstance(state, str):
            return not state.startswith(_OF_THE_VALUE)
        return not isinstance(error, exc.DataError | exc.IntegrityError | exc.ProgrammingError | exc.NotSupportedError)
    return isinstance(error, _PASSING)


def traced(error: BaseException) -> BaseException | None:
    """What a log entry shows as a traceback: an error that blames a fault of ours, and none that only passes."""
    return None if is_passing(error) else error


def wait_seconds(failures: int) -> float:
    """How long to wait after so many failures in a row, from 1."""
    return min(LONGEST_WAIT_SECONDS, FIRST_WAIT_SECONDS * float(1 << min(failures - 1, 10)))


def skip(reader: str, version: int, recorded: Recorded, error: BaseException) -> SkipFact | None:
    """The command that sets a fact aside; None for a fact that says just that, or it would never end."""
    if isinstance(recorded.fact, ProjectionSkipped):
        return None
    return SkipFact(
        reader=reader,
        reader_version=version,
        position=recorded.position,
        fact=recorded.name,
        reason=reason_of(error),
    )


def reason_of(error: BaseException) -> str:
    """What went wrong, for people, without the statement that a database was given and its values."""
    said = error.orig if isinstance(error, exc.DBAPIError) else error
    return storable(f"{type(said).__name__}: {said}".partition("\n")[0], LINE_CHARACTERS)
