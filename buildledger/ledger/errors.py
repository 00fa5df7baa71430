"""What the ledger answers when it can't do what it was asked."""

from __future__ import annotations

from uuid import UUID

import sqlalchemy as sa
from eventsourcing.persistence import PersistenceError

from buildledger.domain.refusals import Refusal

StoreError = PersistenceError
"""The database can't be read; whoever reads tries again later, from where it was."""
DATABASE_ERRORS = (PersistenceError, sa.exc.OperationalError, sa.exc.InterfaceError, sa.exc.TimeoutError)
"""Whatever says that a database is away, or can't be used just now: the ledger's, and those beside it."""


class NothingWritten(PersistenceError):  # noqa: N818 - what is known about a failed append
    """An append failed, and for certain nothing of it is in the database."""


class LedgerUnavailable(Exception):  # noqa: N818 - the state of the ledger, as callers speak of it
    """The database can't be written to: away, full, locked or broken. Nothing acknowledged is lost.

    `outcome_unknown` says that the commands may have been recorded all the same, because the database went away while
    it was answering; a repetition with the same command id is harmless.
    """

    def __init__(self, cause: str, *, outcome_unknown: bool = False) -> None:
        unknown = " (whether the last commands were recorded is not known)" if outcome_unknown else ""
        super().__init__(f"the ledger can't be written: {cause}{unknown}")
        self.outcome_unknown = outcome_unknown


class LedgerClosed(LedgerUnavailable):
    """This process is shutting down and takes no more commands."""

    def __init__(self) -> None:
        super().__init__("it has been closed")


class LedgerFormatError(Exception):
    """The database holds something that this version of Build Ledger can't work with."""


class CommandIdReusedRefusal(Refusal):
    """A command id that was used for one command came with another one."""

    code = "command_id_reused"

    def __init__(self, command_id: UUID) -> None:
        super().__init__(f"command id {command_id} was used before for another command")
        self.command_id = str(command_id)
