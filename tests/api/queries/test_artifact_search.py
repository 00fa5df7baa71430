"""The newest artifact of a builder on the same branch is found, however many builds there are of others."""

from __future__ import annotations

import pytest

from buildledger.events.operation import FindArtifact
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
