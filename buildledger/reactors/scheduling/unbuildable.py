"""Requests that nothing will ever build: they are cancelled, so that nobody waits for them."""

from __future__ import annotations

from buildledger.domain.command import Command
from buildledger.domain.request import CancelRequest, FinishRequest
from buildledger.events.ids import RequestId
from buildledger.events.results import Result
from buildledger.reactors.reactor import CommandBatch
from buildledger.reactors.state.requests import OpenRequest
from buildledger.reactors.state.shared import SharedState

LEFT_BEHIND = "the request that it was collapsed into was answered without a build"


class UnbuildableRequests:
    """Those that were found since `cancel` was last called, each with why."""

    def __init__(self, shared: SharedState) -> None:
        self._shared = shared
        self._reasons: dict[RequestId, str] = {}

    def clear(self) -> None:
        """Forget all."""
        self._reasons.clear()

    def not_configured(self, request: OpenRequest) -> None:
        """Nothing builds a request whose builder isn't in the configuration."""
        builder, pipeline = request.submitted.builder, request.submitted.pipeline
        why = None if pipeline is None else self._shared.configurations.refusal(pipeline, builder)
        reason = "is not in the configuration" if why is None else f"isn't allowed by the configuration any more: {why}"
        self._reasons[request.request_id] = f"builder {builder!r} {reason}"

    def check_left_behind(self, request: OpenRequest) -> None:
        """Nothing builds a request that was collapsed into one that isn't open any more."""
        if request.into is not None and request.into not in self._shared.requests:
            self._reasons[request.request_id] = LEFT_BEHIND

    def answered(self, request: OpenRequest) -> None:
        """A request has its answer; those that were collapsed into it and are open still get none."""
        self._reasons.pop(request.request_id, None)
        for follower in request.followers:
            if follower in self._shared.requests:
                self._reasons[follower] = LEFT_BEHIND

    def cancel(self) -> list[CommandBatch]:
        """End those that are still open; each is told of once."""
        reasons, self._reasons = self._reasons, {}
        return [self._cancel(each, why) for each, why in reasons.items() if each in self._shared.requests]

    def _cancel(self, request_id: RequestId, reason: str) -> CommandBatch:
        unbuildable = self._shared.requests[request_id]
        command: Command = (
            CancelRequest(request_id=request_id, reason=reason)
            if unbuildable.waits
            else FinishRequest(request_id=request_id, result=Result.CANCELLED, reason=reason)
        )
        return CommandBatch((command,), request_id, unbuildable.causation_id, unbuildable.correlation_id)
