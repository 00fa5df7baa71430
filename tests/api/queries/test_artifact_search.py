"""The newest artifact of a builder on the same branch is found, however many builds there are of others."""

from __future__ import annotations

import pytest

from buildledger.domain.build import RemoveArtifact
from buildledger.events.operation import FindArtifact
from buildledger.logs.artifacts import digest_of
from buildledger.projections.artifact_search import ArtifactSearch, NoArtifactError
from tests.api.conftest import Site
from tests.api.stored_builds import Builds


def a_build(site: Site, branch: str, *, checkout: bool = True) -> Builds:
    """A build that has passed and left something."""
    build = Builds(site, branch, checkout=checkout)
    build.keep("dist", branch.encode())
    build.end()
    return build


async def test_the_last_success_on_the_same_branch(site: Site) -> None:
    """Builds of other branches that are newer, pages of them, hide it not; builds without a source have their own."""
    wanted = a_build(site, "release")
    loose = a_build(site, "", checkout=False)
    for _ in range(5):
        a_build(site, "topic")
    search = ArtifactSearch(site.deps.views, page=2)

    def found(branch: str) -> object:
        asked = FindArtifact(artifact="dist", of="builder", builder="lint", branch=branch)
        return search.find(asked, wanted.build, site.ledger.head()).build_id

    assert (found("release"), found("")) == (wanted.build, loose.build)
    with pytest.raises(NoArtifactError, match="no build of lint on nowhere that succeeded keeps an artifact"):
        found("nowhere")


async def test_what_was_removed_is_passed_over(site: Site) -> None:
    """The artifact that was stored before it is the newest then: of the same build, or of an earlier one."""
    earlier, later = a_build(site, "main"), Builds(site, "main")
    stored = [later.keep("dist", text) for text in (b"first", b"second", b"third")]
    later.end()
    search = ArtifactSearch(site.deps.views, page=1)
    asked = FindArtifact(artifact="dist", of="builder", builder="lint", branch="main")

    def found() -> str:
        return search.find(asked, later.build, site.ledger.head()).sha256

    for operation, before in zip(reversed(stored), (b"second", b"first", b"main"), strict=True):
        site.world.execute(RemoveArtifact(build_id=later.build, operation_id=operation, reason="quota"))
        site.settle()
        assert found() == digest_of(before)
    site.world.execute(RemoveArtifact(build_id=earlier.build, operation_id=earlier.operations[0], reason="quota"))
    site.settle()
    with pytest.raises(NoArtifactError):
        found()
