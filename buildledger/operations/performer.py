"""The port for what does one kind of operation."""

from __future__ import annotations

from typing import Protocol

import msgspec

from buildledger.events.build import TestsReported
from buildledger.events.operation import Ended
from buildledger.events.pipeline import PipelineDefined
from buildledger.operations.open_operations import ServerOperation


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """What an operation brought, recorded in one transaction."""

    ended: Ended
    reports: tuple[TestsReported, ...] = ()
    pipelines: tuple[PipelineDefined, ...] = ()


class Performer(Protocol):
    """Does operations of one kind. Doing one twice must be harmless: only the first outcome counts."""

    def perform(self, operation: ServerOperation) -> Outcome:
        """Do it; blocks, since it is called in a thread.

        Raises:
            TimeoutError: It can't be done yet, and is to be tried again.
            FileNotFoundError: A file that it needs isn't stored here.
        """
        ...
