"""Describes an attempt's file transfers."""

from buildledger.worker.files.transfers.blob_store import TransferTask
from buildledger.worker.runs.attempt import Attempt
from buildledger.worker.runs.plan import Plan


def transfer_task(attempt: Attempt, plan: Plan) -> TransferTask:
    """The transfers of an attempt, in its plan's build directory."""
    return TransferTask(
        run_id=attempt.run_id, attempt=attempt.attempt, spec=plan.spec, directory=plan.directory, stop=attempt.stop
    )
