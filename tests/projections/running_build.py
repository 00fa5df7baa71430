"""The course of one build of a `World`, a thing at a time."""

from __future__ import annotations

from typing import TYPE_CHECKING

from buildledger.domain import build, log, request
from buildledger.domain.command import Command
from buildledger.events.build import ArtifactStored, BuildAssigned
from buildledger.events.ids import BuildId, log_id, operation_id
from buildledger.events.log import LogFinished, LogOpened
from buildledger.events.operation import Ended, Run
from buildledger.events.request import RequestSubmitted
from buildledger.events.results import Result

if TYPE_CHECKING:
    from tests.projections.world import World

SOURCE = "widget"
OPERATION_REQUESTED, OPERATION_ENDED, STEP_ENDED = 2, 7, 8


class Running:
    """A build with one step and one operation, and its place in it."""

    def __init__(self, world: World, made: BuildId, assigned: BuildAssigned, submitted: RequestSubmitted) -> None:
        self.world, self.build_id, self.assigned, self.submitted = world, made, assigned, submitted
        self.at = 0
        self.result: Result | None = None
        self.operation = operation_id(made, 0, 0)
        self.locks = {"board": 1} if made.int % 3 == 0 else {}
        self.log = log_id(self.operation, "stdio")
        self.steps = (
            self._start,
            self._request,
            self._started,
            self._obtained,
            self._output,
            self._learn,
            self._operation_ends,
            self._step_ends,
            self._end,
        )

    def advance(self) -> None:
        """The next thing; seldom somebody stops the build, or its worker is lost."""
        chance = self.world.random.random()
        if self.result is None and chance < 0.03:
            self._do(build.StopBuild(build_id=self.build_id, reason="not needed"))
        elif self.result is None and chance < 0.05 and self.at > 0:
            self._lose()
        else:
            self.at += 1
            self.steps[self.at - 1]()

    def _do(self, *commands: Command) -> None:
        self.world.execute(*commands, actor="reactor:running")

    def _start(self) -> None:
        self._do(build.StartStep(build_id=self.build_id, step=0, name="test", program="run", program_version=1))
        if self.locks:
            self._do(build.RequestStepLocks(build_id=self.build_id, step=0, locks=self.locks))

    def _request(self) -> None:
        if self.locks:
            self._do(build.TakeStepLocks(build_id=self.build_id, step=0))
        spec = Run(argv=("pytest", "-q"))
        self._do(
            build.RequestOperation(
                build_id=self.build_id,
                operation_id=self.operation,
                step=0,
                label="pytest",
                spec=spec,
                always_run=True,  # so that a stop before it doesn't end the course
            )
        )

    def _started(self) -> None:
        self._do(
            build.ReportOperationStarted(
                build_id=self.build_id, operation_id=self.operation, fence=self.assigned.fence, mechanism="session"
            )
        )

    def _obtained(self) -> None:
        got = self.assigned.stamps[0].revision
        if got is not None:
            self._do(build.ObtainRevision(build_id=self.build_id, source=SOURCE, revision=got))

    def _output(self) -> None:
        opened = LogOpened(build_id=self.build_id, step=0, operation_id=self.operation, channel="stdio", label="pytest")
        self._do(log.OpenLog(log_id=self.log, opened=opened))

    def _learn(self) -> None:
        for value in (1, 2):
            self._do(build.SetProperty(build_id=self.build_id, name="count", value=value, origin="test"))
        stored = ArtifactStored(name="widget.whl", size_bytes=7, sha256="ab" * 32, operation_id=self.operation)
        self._do(build.StoreArtifact(build_id=self.build_id, artifact=stored))

    def _operation_ends(self) -> None:
        ended = Ended(reason="exited", exit_code=0, duration_seconds=1.5)
        finish = build.FinishOperation(
            build_id=self.build_id, operation_id=self.operation, fence=self.assigned.fence, ended=ended
        )
        finished = LogFinished(size_bytes=12, line_count=1, sha256="cd" * 32)
        self._do(finish, log.FinishLog(log_id=self.log, finished=finished))

    def _step_ends(self) -> None:
        self.result = self.result or self.world.random.choices(list(Result), (6, 2, 6, 1, 1, 0, 1))[0]
        summary = "exit code 1" if self.result is Result.FAILURE else ""
        self._do(build.FinishStep(build_id=self.build_id, step=0, result=self.result, summary=summary))

    def _end(self) -> None:
        assert self.result is not None
        self._do(
            build.FinishBuild(build_id=self.build_id, result=self.result),
            *(
                request.FinishRequest(request_id=key, result=self.result, build_id=self.build_id)
                for key in self.assigned.requests
            ),
        )
        self._leave()

    def _lose(self) -> None:
        ended = Ended(reason="lost")
        commands: list[Command] = []
        if OPERATION_REQUESTED <= self.at < OPERATION_ENDED:
            commands.append(
                build.FinishOperation(
                    build_id=self.build_id, operation_id=self.operation, fence=self.assigned.fence, ended=ended
                )
            )
        if self.at < STEP_ENDED:
            commands.append(build.FinishStep(build_id=self.build_id, step=0, result=Result.RETRY))
        self._do(
            *commands,
            build.FinishBuild(build_id=self.build_id, result=Result.RETRY, summary="worker lost"),
            request.ReturnRequest(request_id=self.assigned.requests[0], build_id=self.build_id, reason="worker lost"),
        )
        self.world.waiting.append((self.assigned.requests[0], self.submitted))
        self._leave()

    def _leave(self) -> None:
        del self.world.running[self.build_id]
        self.world.finished.append(self.build_id)
