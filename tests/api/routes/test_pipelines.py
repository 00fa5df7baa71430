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


async def moved(site: Site, branch: str, revision: str | None, previous: str | None = None) -> None:
    """A branch moves, or is deleted."""
    if revision is not None:
        site.world.execute(RecordChange(change=samples.change(revision=revision)))
    move = BranchMoved(source="widget", branch=branch, revision=revision, previous=previous)
    site.world.execute(MoveBranch(source="widget", move=move))
    await settled(site)


async def test_a_source_lists_what_each_branch_defines(site: Site, client: httpx.AsyncClient) -> None:
    """The branch that moved last first, each with what came of its file; by outcome, in pages, as of any position."""
    configuration = await granting(site, ", branches: ['**', '!wip']")
    place = {"source": "widget", "path": ".buildledger.yaml", "config_digest": configuration.digest}
    await read(site, configuration, HEAD, FILE % "make")
    problem = PipelineProblem(line=7, column=3, code="grant", message="no lock")
    for name, outcome in (
        ("wrong", PipelineRejected(**place, revision="c" * 40, problems=(problem,))),
        ("empty", PipelineMissing(**place, revision="d" * 40)),
    ):
        site.world.execute(ReportPipeline(outcome=outcome))
        await moved(site, name, outcome.revision)
    await moved(site, "unread", "e" * 40)
    await moved(site, "wip", HEAD)
    path = "/api/v1/sources/widget/pipelines"
    listed = (await client.get(path)).json()
    found = {each["branch"]: each["file"] for each in listed["items"]}
    assert {branch: file["outcome"] for branch, file in found.items()} == {
        "wip": "excluded",
        "unread": "unread",
        "empty": "missing",
        "wrong": "rejected",
        "main": "read",
    }
    assert list(found) == ["wip", "unread", "empty", "wrong", "main"]
    assert listed["counts"] == dict.fromkeys(("read", "rejected", "missing", "unread", "excluded"), 1)
    assert found["main"]["builders"] == ["widget:tests"]
    pushed = {"name": "widget:change", "text": "a push to any branch", "build": ["widget:tests"]}
    assert [each["triggers"] for each in listed["items"]] == [[], [], [], [], [pushed]]
    assert found["wrong"]["problems"][0]["text"] == ".buildledger.yaml:7:3: no lock [grant]"
    assert "counts on other branches than wip" in found["wip"]["text"]
    assert listed["granted"]["secrets"] == ["pypi"]
    rejected = (await client.get(path, params={"outcome": "rejected"})).json()
    assert [each["branch"] for each in rejected["items"]] == ["wrong"]
    names: list[str] = []
    page = (await client.get(path, params={"limit": 2})).json()
    while True:
        names += [each["branch"] for each in page["items"]]
        if page["next"] is None:
            break
        page = (await client.get(path, params={"limit": 2, "cursor": page["next"]})).json()
    assert names == list(found)
    await moved(site, "wrong", None, "c" * 40)
    assert "wrong" not in (await client.get(path)).text
    assert "wrong" in (await client.get(path, params={"as_of": listed["position"]})).text
    await applied(site, (CENTRAL % "").partition("repo_pipelines")[0])
    without = (await client.get(path)).json()
    assert (without["granted"], without["items"]) == (None, [])
    assert (await client.get("/api/v1/sources/gadget/pipelines")).status_code == 404


async def test_a_builder_says_where_it_is_defined(site: Site, client: httpx.AsyncClient) -> None:
    """On which branches, whose steps are shown, and where it was seen last once no branch has it any more."""
    configuration = await granting(site)
    docs = "version: 1\nbuilders: {docs: {steps: [{run: [docs]}]}}\n"
    await read(site, configuration, OTHER, docs)
    await moved(site, "side", OTHER)
    await read(site, configuration, HEAD, FILE % "make")
    place = {"branch": "side", "revision": OTHER, "change_id": str(change_id("widget", OTHER))}

    async def definition(builder: str) -> dict[str, Any]:
        answer = (await client.get(f"/api/v1/builders/{builder}")).json()
        return {"steps": answer["steps"], **answer["defined_by"]}

    def without_time(place: dict[str, Any] | None) -> dict[str, Any] | None:
        return place and {key: value for key, value in place.items() if key != "at"}

    of_docs = await definition("widget:docs")
    assert (of_docs["steps"], of_docs["branches"], of_docs["branch_count"]) == (["docs"], ["side"], 1)
    assert without_time(of_docs["shown"]) == without_time(of_docs["last_seen"]) == place
    of_tests = await definition("widget:tests")
    assert (of_tests["branches"], of_tests["shown"]["branch"]) == (["main"], "main")
    await read(site, configuration, "c" * 40, FILE % "make")
    await moved(site, "side", "c" * 40, OTHER)
    of_docs = await definition("widget:docs")
    assert (of_docs["branches"], without_time(of_docs["last_seen"])) == ([], place)
    assert (await definition("widget:tests"))["branches"] == ["side", "main"]
    listed = (await client.get("/api/v1/sources/widget/defined-builders")).json()["items"]
    assert [(each["name"], each["branch_count"], each["last_seen"]["branch"]) for each in listed] == [
        ("widget:docs", 0, "side"),
        ("widget:tests", 2, "side"),
    ]
    await applied(site, (CENTRAL % "").partition("repo_pipelines")[0])
    gone = await definition("widget:tests")
    assert (gone["path"], gone["shown"], gone["last_seen"]["branch"], gone["steps"]) == (None, None, "side", [])


async def test_a_refused_file_is_told_to_whoever_builds_by_hand(site: Site, client: httpx.AsyncClient) -> None:
    """With the place and all that is wrong, as the page of the change has it."""
    configuration = await granting(site)
    place = {"source": "widget", "revision": HEAD, "path": "ci.yaml", "config_digest": configuration.digest}
    problems = tuple(PipelineProblem(line=line, column=1, code="grant", message="no") for line in range(1, 6))
    site.world.execute(ReportPipeline(outcome=PipelineRejected(**place, problems=problems)))
    await settled(site)
    answer = (await client.post("/api/v1/builders/widget:tests/force", json={})).json()
    assert f"of which main has {HEAD[:8]}: ci.yaml of this revision is refused" in answer["detail"]
    assert "ci.yaml:3:1: no [grant]; and 2 more problems" in answer["detail"]
    assert [error["message"] for error in answer["errors"]] == [f"ci.yaml:{line}:1: no [grant]" for line in range(1, 6)]
