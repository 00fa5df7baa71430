"""What configurations tell, and the pipelines of repositories."""

from __future__ import annotations

from buildledger.events import (
    config,
    pipeline,
)
from buildledger.events.fact import Fact
from tests.golden.stories.values import DIGEST

STORIES: dict[str, tuple[Fact, ...]] = {
    "config-restored": (
        config.ConfigApplied(
            revision=3, digest=DIGEST, text="{}", origin="ci.yaml", plan=("- builder",), message="as before", restores=1
        ),
    ),
    "config": (
        config.ConfigApplied(revision=1, digest=DIGEST, text='{"builders":{}}', origin="ci.yaml", plan=("+ builder",)),
        config.ConfigEffectFailed(revision=1, component="poller app", detail="no such directory"),
    ),
    "pipeline": (pipeline.PipelineDefined(source="app", digest=DIGEST, text='{"builders":{}}'),),
    "pipeline-of-a-step": (pipeline.PipelineDefined(source="", builder="plan", digest=DIGEST, text='{"builders":{}}'),),
    "pipeline-of-a-revision": (
        pipeline.PipelineMissing(source="app", revision="a" * 40, path=".buildledger.yaml", config_digest=DIGEST),
        pipeline.PipelineRejected(
            source="app",
            revision="a" * 40,
            path=".buildledger.yaml",
            config_digest=DIGEST,
            file_digest=DIGEST,
            problems=(
                pipeline.PipelineProblem(
                    line=7,
                    column=3,
                    code="grant",
                    message="'worker' isn't granted",
                    hint="take it out",
                    severity="error",
                ),
                pipeline.PipelineProblem(line=9, column=1, code="shell-syntax", message="a *", severity="warning"),
            ),
        ),
        pipeline.PipelineRead(
            source="app",
            revision="a" * 40,
            path=".buildledger.yaml",
            config_digest=DIGEST,
            file_digest=DIGEST,
            pipeline=DIGEST,
            builders=("app:tests",),
        ),
    ),
}
