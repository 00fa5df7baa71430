"""What requests tell."""

from __future__ import annotations

from buildledger.events import (
    request,
)
from buildledger.events.fact import Fact
from buildledger.events.ids import (
    BuildId,
)
from buildledger.events.results import Result
from tests.golden.stories.values import BUILD, CHANGE, DIGEST, REQUEST, STAMP, an_id

STORIES: dict[str, tuple[Fact, ...]] = {
    "request": (
        request.RequestSubmitted(
            builder="tests[3.12,linux]",
            stamps=(STAMP, request.SourceStamp(source="lib", repository="../lib", branch="main")),
            changes=(CHANGE,),
            reason="change on main",
            trigger="triggers[0]",
            requested_by="reactor:triggering",
            priority=5,
            inputs={"level": 3, "fast": True, "names": ["a", None, 1.5]},
            config_digest=DIGEST,
            collapse_key="app main",
            parent_build=BUILD,
            rebuild_of=BUILD,
        ),
        request.RequestPrioritised(priority=-1),
        request.RequestClaimed(build_id=BUILD, attempt=1),
        request.RequestReturned(build_id=BUILD, reason="worker lost"),
        request.RequestClaimed(build_id=BuildId(an_id("second build")), attempt=2),
        request.RequestFinished(result=Result.WARNINGS, build_id=BuildId(an_id("second build")), reason="built"),
    ),
    "request-of-the-first-version": (
        request.RequestSubmittedV1(
            builder="tests",
            source="app",
            repository="https://example.org/app.git",
            branch="main",
            revision="a" * 40,
            changes=(CHANGE,),
            reason="forced",
            requested_by="user:1",
        ),
        request.RequestCollapsed(into=REQUEST),
    ),
    "request-for-a-pipeline": (
        request.RequestSubmitted(
            builder="app:tests",
            stamps=(STAMP,),
            reason="change on main",
            requested_by="reactor:triggering",
            config_digest=DIGEST,
            pipeline=DIGEST,
        ),
    ),
}
