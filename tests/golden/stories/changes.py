"""What changes, branches and sources tell."""

from __future__ import annotations

from buildledger.events import (
    change,
)
from buildledger.events.fact import Fact
from buildledger.events.ids import (
    ClaimId,
    WordsId,
)
from tests.golden.stories.values import AT, CHANGE, CLAIM, DIGEST, an_id

STORIES: dict[str, tuple[Fact, ...]] = {
    "change-of-the-first-version": (
        change.ChangeRecordedV1(
            source="app",
            repository="https://example.org/app.git",
            branch="main",
            revision="a" * 40,
            parents=("b" * 40, "c" * 40),
            author=CLAIM,
            committer=CLAIM,
            co_authors=(ClaimId(an_id("other claim")),),
            committed_at=AT,
            words_id=WordsId(an_id("words")),
            files=(change.FileChange("src/naïve.py"), change.FileChange("odd\\xff", "deleted")),
            file_count=3,
            link="https://example.org/app/commit/aaa",
            historic=True,
        ),
    ),
    "change": (
        change.ChangeRecorded(
            source="app",
            repository="https://example.org/app.git",
            branch="main",
            revision="a" * 40,
            parents=("b" * 40, "c" * 40),
            author=CLAIM,
            committer=CLAIM,
            co_authors=(ClaimId(an_id("other claim")),),
            committed_at=AT,
            words_id=WordsId(an_id("words")),
            words_digest=DIGEST,
            files=(change.FileChange("src/naïve.py"), change.FileChange("odd\\xff", "deleted")),
            file_count=3,
            link="https://example.org/app/commit/aaa",
            historic=True,
        ),
    ),
    "default-branch": (
        change.DefaultBranchChanged(source="app", branch="main"),
        change.BranchMoved(source="app", branch="main", revision="a" * 40, change_count=4, initial=True),
        change.DefaultBranchChanged(source="app", branch="trunk", previous="main"),
        change.DefaultBranchChanged(source="app", branch=None, previous="trunk"),
        change.DefaultBranchChanged(source="app", branch="trunk"),
    ),
    "source": (
        change.BranchMoved(source="app", branch="main", revision="a" * 40, change_count=4, initial=True),
        change.SourceFailed(source="app", cause="network", detail="could not resolve host"),
        change.SourceRecovered(source="app"),
        change.BranchMoved(
            source="app",
            branch="main",
            previous="a" * 40,
            revision="d" * 40,
            forced=True,
            changes=(CHANGE,),
            change_count=1,
        ),
        change.BranchMoved(source="app", branch="topic", revision="e" * 40),
        change.BranchMoved(source="app", branch="topic", previous="e" * 40, revision=None),
    ),
}
