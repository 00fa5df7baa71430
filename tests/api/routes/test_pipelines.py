"""What repositories define themselves, as the API tells of it and builds it by hand."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from buildledger.config.pipelines.definition import RepoFile
from buildledger.config.pipelines.repo_file import check
from buildledger.config.resolved import Configuration
from buildledger.domain.build import AssignBuild
from buildledger.domain.change import RecordChange
from buildledger.domain.config import ApplyConfig
from buildledger.domain.pipeline import DefinePipeline, ReportPipeline
from buildledger.domain.source import MoveBranch
from buildledger.events.build import BuildAssigned
from buildledger.events.change import BranchMoved
from buildledger.events.ids import build_id, change_id, request_id
from buildledger.events.pipeline import (
    PipelineDefined,
    PipelineMissing,
    PipelineProblem,
    PipelineRead,
    PipelineRejected,
)
from buildledger.events.request import RequestSubmitted
from buildledger.testing.configuration import load_text
from tests.api.conftest import Site, settled
from tests.domain import samples

CENTRAL = """
version: 1
sources: {widget: {git: "https://git.example/widget.git", default_branch: main, poll: never}}
repo_pipelines: {widget: {secrets: [pypi]%s}}
"""
FILE = "version: 1\nbuilders: {tests: {steps: [{checkout: widget}, {run: [%s], env: {A: {secret: pypi}}}]}}\n"
HEAD, OTHER = "a" * 40, "b" * 40


async def granting(site: Site, more: str = "") -> Configuration:
    """A site whose repository has two commits: the head of main, and one that is on no branch."""
    configuration = await applied(site, CENTRAL % more)
    for revision in (HEAD, OTHER):
        change = samples.change(revision=revision)
        site.world.execute(RecordChange(change=change))
    move = BranchMoved(source="widget", branch="main", revision=HEAD, initial=True)
    site.world.execute(MoveBranch(source="widget", move=move))
    await settled(site)
    return configuration


async def applied(site: Site, text: str) -> Configuration:
    configuration = load_text(text, secrets_required=False)
    apply = ApplyConfig(digest=configuration.digest, text=configuration.to_json(), origin="ci.yaml")
    site.world.execute(apply)
    await settled(site)
    return configuration


async def read(site: Site, configuration: Configuration, revision: str, text: str) -> str:
    """Say of a revision what its file comes to; gives the pipeline's digest."""
    found = check(RepoFile(content=text.encode(), name="f", source="widget", central=configuration)).pipeline
    assert found is not None
    defined = PipelineDefined(source="widget", digest=found.digest, text=found.to_json())
    outcome = PipelineRead(
        source="widget",
        revision=revision,
        path=".buildledger.yaml",
        config_digest=configuration.digest,
        file_digest="",
        pipeline=found.digest,
        builders=tuple(found.builders),
    )
    site.world.execute(DefinePipeline(definition=defined), ReportPipeline(outcome=outcome))
    await settled(site)
    return found.digest


async def said(client: httpx.AsyncClient) -> dict[str, Any]:
    """The answers for the head of main."""
    answer = await client.get(f"/api/v1/changes/{change_id('widget', HEAD)}/answers")
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def test_a_change_says_what_came_of_its_file(site: Site, client: httpx.AsyncClient) -> None:
    """Not read, not there, refused with all that is wrong with it and where, and at last what it defines."""
    configuration = await granting(site)
    place = {"source": "widget", "revision": HEAD, "path": ".buildledger.yaml", "config_digest": configuration.digest}
    assert (await said(client))["pipeline"]["outcome"] == "unread"
    site.world.execute(ReportPipeline(outcome=PipelineMissing(**place)))
    await settled(site)
    assert (await said(client))["pipeline"]["text"] == "this revision has no .buildledger.yaml"
    problem = PipelineProblem(line=7, column=3, code="grant", message="no lock", hint="ask")
    site.world.execute(ReportPipeline(outcome=PipelineRejected(**place, problems=(problem,))))
    position = await settled(site)
    rejected = (await said(client))["pipeline"]
    assert rejected["outcome"] == "rejected"
    assert [each["text"] for each in rejected["problems"]] == [".buildledger.yaml:7:3: no lock (ask) [grant]"]
    await read(site, configuration, HEAD, FILE % "make")
    found = await said(client)
    assert (found["pipeline"]["outcome"], found["pipeline"]["builders"]) == ("read", ["widget:tests"])
    assert [(each["trigger"], each["builder"]) for each in found["answers"]] == [("widget:change", "widget:tests")]
    before = await client.get(f"/api/v1/changes/{change_id('widget', HEAD)}/answers?as_of={position}")
    assert before.json()["pipeline"]["outcome"] == "rejected"


async def test_without_a_grant_there_is_no_pipeline(site: Site, client: httpx.AsyncClient) -> None:
    """Null, so that nobody is told of a file that counts for nothing."""
    await granting(site)
    await applied(site, (CENTRAL % "").partition("repo_pipelines")[0])
    other = samples.change(revision="c" * 40)
    site.world.execute(RecordChange(change=other))
    await settled(site)
    answer = await client.get(f"/api/v1/changes/{change_id('widget', 'c' * 40)}/answers")
    assert answer.json()["pipeline"] is None


@pytest.mark.parametrize(("more", "expected"), [("", "head"), (", config_from: head", "other")])
async def test_whose_file_counts_for_a_build_by_hand(
    site: Site, client: httpx.AsyncClient, more: str, expected: str
) -> None:
    """`base`: that of the branch at its head, whatever revision is built; `head`: that of the revision itself."""
    configuration = await granting(site, more)
    digests = {
        "head": await read(site, configuration, HEAD, FILE % "head"),
        "other": await read(site, configuration, OTHER, FILE % "other"),
    }
    body = {"branch": "main", "revision": OTHER}
    answer = await client.post("/api/v1/builders/widget:tests/force", json=body)
    assert answer.status_code == 201, answer.text
    (submitted,) = [it.fact for it in site.ledger.read(0, 1000) if isinstance(it.fact, RequestSubmitted)]
    assert (submitted.pipeline, submitted.config_digest) == (digests[expected], configuration.digest)
    assert submitted.stamps[0].revision == OTHER


async def test_a_file_that_does_not_count_builds_nothing_by_hand(site: Site, client: httpx.AsyncClient) -> None:
    """The answer says what is the matter: not read, no such builder in it, or no grant any more."""
    configuration = await granting(site)
    path = "/api/v1/builders/widget:tests/force"
    unread = await client.post(path, json={})
    assert unread.status_code == 422
    assert "wasn't read" in unread.text
    await read(site, configuration, HEAD, FILE % "make")
    unknown = await client.post("/api/v1/builders/widget:test/force", json={})
    assert unknown.status_code == 404
    assert "did you mean 'widget:tests'" in unknown.text
    await applied(site, (CENTRAL % "").replace("secrets: [pypi]", ""))
    refused = await client.post(path, json={})
    assert refused.status_code == 404
    assert "the secret 'pypi' isn't granted" in refused.text


async def test_a_rebuild_is_built_by_the_same_file(site: Site, client: httpx.AsyncClient) -> None:
    """Whatever the branch has by then."""
    configuration = await granting(site)
    first = await read(site, configuration, HEAD, FILE % "first")
    request = request_id("first")
    submitted = samples.submitted(builder="widget:tests", config_digest=configuration.digest, pipeline=first)
    build = build_id(request, 1)
    assigned = BuildAssigned(
        builder="widget:tests",
        requests=(request,),
        attempt=1,
        worker="w1",
        fence=1,
        stamps=submitted.stamps,
        reason="change on main",
        requested_by="system",
        config_digest=configuration.digest,
        pipeline=first,
    )
    site.world.execute(AssignBuild(build_id=build, assignment=assigned))
    await read(site, configuration, HEAD, FILE % "second")
    detail = (await client.get(f"/api/v1/builds/{build}")).json()
    assert detail["planned_steps"] == ["checkout widget", "first"]
    answer = await client.post(f"/api/v1/builds/{build}/rebuild", json={})
    assert answer.status_code == 201, answer.text
    (again,) = [it.fact for it in site.ledger.read(0, 1000) if isinstance(it.fact, RequestSubmitted)]
    assert again.pipeline == first
    assert again.rebuild_of == build


async def test_a_builder_is_there_as_soon_as_a_file_defines_it(site: Site, client: httpx.AsyncClient) -> None:
    """With its steps as on the default branch, before it was ever built; and until nothing may be defined any more."""
    configuration = await granting(site)
    await read(site, configuration, OTHER, "version: 1\nbuilders: {docs: {steps: [{run: [docs]}]}}\n")
    await read(site, configuration, HEAD, FILE % "make")
    listed = (await client.get("/api/v1/builders")).json()["items"]
    defined = [each for each in listed if each["name"].startswith("widget:")]
    assert [(each["name"], each["configured"]) for each in defined] == [("widget:docs", True), ("widget:tests", True)]
    detail = (await client.get("/api/v1/builders/widget:tests")).json()
    assert detail["steps"] == ["checkout widget", "make"]
    assert [source["name"] for source in detail["sources"]] == ["widget"]
    await applied(site, (CENTRAL % "").partition("repo_pipelines")[0])
    listed = (await client.get("/api/v1/builders")).json()["items"]
    assert not any(each["configured"] for each in listed)
