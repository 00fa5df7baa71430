"""What a build is assigned: the content of `BuildAssigned`, from the requests that it answers."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from buildledger.config.evaluation.addresses import completed
from buildledger.config.resolved import Configuration
from buildledger.events.build import BuildAssigned
from buildledger.events.ids import ChangeId, RequestId
from buildledger.reactors.state.requests import OpenRequest


def assignment(
    together: Sequence[OpenRequest],
    requests: Mapping[RequestId, OpenRequest],
    *,
    worker: str,
    fence: int,
    configuration: Configuration,
    default_branch: Callable[[str], str],
) -> BuildAssigned:
    """One build for requests that go together, oldest first, and for those collapsed into them before.

    It builds what the newest of them asks for, with the changes of all, under `configuration`: sources are those of
    the builder, and where it says; `default_branch` gives the branch of one that nobody knew when the build was asked
    for. `requests` are all open ones.
    """
    newest = together[-1]
    answered = [newest.request_id, *(older.request_id for older in together[:-1])]
    answered.extend(follower for waiting in together for follower in waiting.followers)
    submitted = newest.submitted
    wanted = configuration.builders[submitted.builder].sources
    return BuildAssigned(
        builder=submitted.builder,
        requests=tuple(answered),
        attempt=newest.attempts + 1,
        worker=worker,
        fence=fence,
        stamps=completed(submitted.stamps, wanted, configuration.sources, default_branch),
        changes=_changes([requests[request_id] for request_id in answered]),
        reason=submitted.reason,
        requested_by=submitted.requested_by,
        inputs=submitted.inputs,
        config_digest=configuration.applied_digest,
        pipeline=configuration.pipeline_digest,
    )


def _changes(requests: Sequence[OpenRequest]) -> tuple[ChangeId, ...]:
    """The changes of all requests, each once, oldest request first."""
    if len(requests) == 1:
        return requests[0].submitted.changes
    by_age = sorted(requests, key=lambda each: each.position)
    return tuple(dict.fromkeys(change for each in by_age for change in each.submitted.changes))
