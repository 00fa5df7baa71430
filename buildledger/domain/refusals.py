"""Every way a rule says no, each with a stable code that `docs/errors.md` explains."""

from __future__ import annotations

from typing import ClassVar

from buildledger.wording import plural


class Refusal(Exception):  # noqa: N818 - a refusal is an answer of the rules, not a fault
    """A rule said no. `code` is stable; the text is for people."""

    code: ClassVar[str] = "refused"


class NotFoundRefusal(Refusal):
    """What the command speaks of isn't there."""

    code = "not_found"

    def __init__(self, noun: str, name: object) -> None:
        super().__init__(f"there is no {noun} {name}")
        self.noun, self.name = noun, str(name)


class RequestNotWaitingRefusal(Refusal):
    """Only a waiting request can be claimed, cancelled, collapsed or given a priority."""

    code = "request_not_waiting"

    def __init__(self, request_id: object, status: str) -> None:
        super().__init__(f"request {request_id} is not waiting: it is {status}")
        self.request_id, self.status = str(request_id), status


class RequestContradictedRefusal(Refusal):
    """A request with this id exists and says something else."""

    code = "request_contradicted"

    def __init__(self, request_id: object) -> None:
        super().__init__(f"request {request_id} was submitted before with other contents")
        self.request_id = str(request_id)


class StaleAttemptRefusal(Refusal):
    """A request's builds are numbered without gaps: somebody counts from an older state."""

    code = "stale_attempt"

    def __init__(self, request_id: object, attempt: int, attempts: int) -> None:
        super().__init__(
            f"request {request_id} has had {plural(attempts, 'build')}, so the next one isn't number {attempt}"
        )
        self.request_id, self.attempt, self.attempts = str(request_id), attempt, attempts


class BuildTakenRefusal(Refusal):
    """The build exists already, on another worker or for other requests."""

    code = "build_taken"

    def __init__(self, build_id: object, worker: str) -> None:
        super().__init__(f"build {build_id} is already assigned to worker {worker!r}")
        self.build_id, self.worker = str(build_id), worker


class BuildFinishedRefusal(Refusal):
    """The build is over; nothing can be added to it."""

    code = "build_finished"

    def __init__(self, build_id: object) -> None:
        super().__init__(f"build {build_id} is finished")
        self.build_id = str(build_id)


class BuildStoppingRefusal(Refusal):
    """Somebody has asked for the build's end; it is given nothing more to do."""

    code = "build_stopping"

    def __init__(self, build_id: object) -> None:
        super().__init__(f"build {build_id} is being stopped")
        self.build_id = str(build_id)


class StepOrderRefusal(Refusal):
    """Steps start one after another, and finish when they run."""

    code = "step_order"

    def __init__(self, build_id: object, step: int, detail: str) -> None:
        super().__init__(f"step {step} of build {build_id}: {detail}")
        self.build_id, self.step = str(build_id), step


class UnknownOperationRefusal(Refusal):
    """The build never asked for this operation."""

    code = "unknown_operation"

    def __init__(self, build_id: object, operation_id: object) -> None:
        super().__init__(f"build {build_id} has no operation {operation_id}")
        self.build_id, self.operation_id = str(build_id), str(operation_id)


class StaleFenceRefusal(Refusal):
    """Somebody speaks for an assignment that another has replaced."""

    code = "stale_fence"

    def __init__(self, build_id: object, fence: int, current: int) -> None:
        super().__init__(f"build {build_id} is at fence {current}; {fence} is out of date")
        self.build_id, self.fence, self.current = str(build_id), fence, current


class TokenRefusal(Refusal):
    """An enrollment token is unknown, used, expired or meant for another worker."""

    code = "enrollment_token"

    def __init__(self, detail: str) -> None:
        super().__init__(f"the enrollment token {detail}; make another with `buildledger token`")
        self.detail = detail


class WorkerUnavailableRefusal(Refusal):
    """The worker may be given nothing at the moment."""

    code = "worker_unavailable"

    def __init__(self, worker: str, why: str) -> None:
        super().__init__(f"worker {worker!r} {why}, so it is given no build")
        self.worker, self.why = worker, why


class WorkerNotEnrolledRefusal(Refusal):
    """The worker has no valid credential."""

    code = "worker_not_enrolled"

    def __init__(self, worker: str, detail: str) -> None:
        super().__init__(f"worker {worker!r} {detail}")
        self.worker = worker


class DuplicateWorkerRefusal(Refusal):
    """Another live process is connected under this name."""

    code = "duplicate_worker"

    def __init__(self, worker: str) -> None:
        super().__init__(f"another process is connected as worker {worker!r}; give each worker a name of its own")
        self.worker = worker


class LedgerBehindRefusal(Refusal):
    """A worker remembers sessions that this ledger doesn't know: the ledger was put back, or is another server's."""

    code = "ledger_behind"

    def __init__(self, worker: str, last_epoch: int, epoch: int) -> None:
        super().__init__(
            f"this server's ledger is behind: worker {worker!r} has had session {last_epoch}, the ledger knows {epoch}."
            " If it was restored from a backup, start the server with `--restored`; if this is the only worker that"
            " comes with such a number, enroll it with a new token"
        )
        self.worker = worker


class MachineBusyRefusal(Refusal):
    """An elastic worker has one machine at a time, and none while it is in quarantine."""

    code = "machine_busy"

    def __init__(self, worker: str, start: int) -> None:
        super().__init__(f"worker {worker!r} can't be started as number {start}: it runs, or is in quarantine")
        self.worker, self.start = worker, start


class ConfigRevisionRefusal(Refusal):
    """The configuration has moved on since the caller looked."""

    code = "config_revision"

    def __init__(self, expected: int, current: int) -> None:
        super().__init__(
            f"the active configuration is revision {current}, not {expected}: look at the difference again"
        )
        self.expected, self.current = expected, current


class ConfigReplacedRefusal(Refusal):
    """What was decided under one configuration isn't done under the next."""

    code = "config_replaced"

    def __init__(self, revision: int) -> None:
        super().__init__(f"the configuration has been replaced by revision {revision}")
        self.revision = revision


class BranchMovedRefusal(Refusal):
    """A branch was moved by somebody else while it was compared."""

    code = "branch_moved"

    def __init__(self, source: str) -> None:
        super().__init__(f"a branch of source {source} was moved by others in the meantime")
        self.source = source


class LogContradictedRefusal(Refusal):
    """A finished log can't be given another digest."""

    code = "log_contradicted"

    def __init__(self, log_id: object) -> None:
        super().__init__(f"log {log_id} is finished with other contents")
        self.log_id = str(log_id)


class LimitRefusal(Refusal):
    """A value is beyond what the ledger can hold."""

    code = "beyond_limits"

    def __init__(self, detail: str) -> None:
        super().__init__(f"this can't be kept: {detail}")
        self.detail = detail


REFUSALS: tuple[type[Refusal], ...] = (
    NotFoundRefusal,
    RequestNotWaitingRefusal,
    RequestContradictedRefusal,
    StaleAttemptRefusal,
    BuildTakenRefusal,
    BuildFinishedRefusal,
    BuildStoppingRefusal,
    StepOrderRefusal,
    UnknownOperationRefusal,
    StaleFenceRefusal,
    TokenRefusal,
    WorkerNotEnrolledRefusal,
    WorkerUnavailableRefusal,
    DuplicateWorkerRefusal,
    LedgerBehindRefusal,
    MachineBusyRefusal,
    ConfigRevisionRefusal,
    BranchMovedRefusal,
    ConfigReplacedRefusal,
    LogContradictedRefusal,
    LimitRefusal,
)
