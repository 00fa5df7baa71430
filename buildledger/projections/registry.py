"""THE list of projections."""

from __future__ import annotations

from buildledger.projections.blamelist import Blamelist
from buildledger.projections.changes import Changes
from buildledger.projections.people import People
from buildledger.projections.pipelines import Pipelines
from buildledger.projections.projection import Projection
from buildledger.projections.queue import Queue
from buildledger.projections.revisions import Revisions
from buildledger.projections.status import Status
from buildledger.projections.test_results import TestResults
from buildledger.projections.workers import Workers

PROJECTIONS: tuple[Projection, ...] = (
    Status(),
    Queue(),
    Workers(),
    Changes(),
    Blamelist(),
    People(),
    Revisions(),
    Pipelines(),
    TestResults(),
)
BY_NAME: dict[str, Projection] = {projection.NAME: projection for projection in PROJECTIONS}
