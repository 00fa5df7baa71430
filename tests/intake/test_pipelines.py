"""The file of a repository: read at each head of a branch, before the branch moves."""

from __future__ import annotations

from pathlib import Path

from buildledger.config.limits import PIPELINE_BYTES
from buildledger.events.change import BranchMoved
from buildledger.events.pipeline import PipelineDefined, PipelineMissing, PipelineRead, PipelineRejected
from tests.fakes.repository import Repository
from tests.intake.conftest import World, grant

FILE = ".buildledger.yaml"
TESTS = "version: 1\nbuilders: {tests: {steps: [{checkout: widget}, {run: [make]}]}}\n"


async def test_a_head_is_read_before_its_branch_moves(world: World, repository: Repository) -> None:
    """So that whoever sees the move knows what is to be built; the pipeline is stored once for all revisions."""
    digest = await grant(world, repository)
    first = repository.commit("file", **{FILE: TESTS})
    poller = world.poller(repository)
    await poller.poll()
    second = repository.commit("other", **{"a.txt": "three\n"})
    await poller.poll()
    (defined,) = world.facts(PipelineDefined)
    reads = world.facts(PipelineRead)
    assert [(read.revision, read.pipeline) for read in reads] == [(first, defined.digest), (second, defined.digest)]
    assert {(read.path, read.config_digest, read.builders) for read in reads} == {(FILE, digest, ("widget:tests",))}
    order = [type(it.fact) for it in world.ledger.read(0, 1000) if isinstance(it.fact, PipelineRead | BranchMoved)]
    assert order == [PipelineRead, BranchMoved, PipelineRead, BranchMoved]


async def test_a_repository_without_the_file_is_said(world: World, repository: Repository) -> None:
    """It is no fault."""
    await grant(world, repository)
    await world.poller(repository).poll()
    (missing,) = world.facts(PipelineMissing)
    assert (missing.revision, missing.path) == (repository.head(), FILE)


async def test_without_a_grant_nothing_is_read(world: World, repository: Repository) -> None:
    """Neither on branches that it doesn't hold for."""
    repository.commit("file", **{FILE: TESTS})
    await grant(world, repository, "{branches: [release]}")
    await world.poller(repository).poll()
    assert not world.facts(PipelineRead)


async def test_a_wrong_file_is_told_with_all_its_problems(world: World, repository: Repository) -> None:
    """The branch moves all the same, and other branches go on with theirs."""
    await grant(world, repository)
    repository.commit("good", **{FILE: TESTS})
    repository.git("branch", "stable")
    repository.commit("bad", **{FILE: "version: 1\nworkers: {}\nbuilders: {t: {steps: [{checkout: proto}]}}\n"})
    await world.poller(repository).poll()
    (rejected,) = world.facts(PipelineRejected)
    assert [(problem.line, problem.column, problem.code) for problem in rejected.problems] == [
        (2, 1, "grant"),
        (3, 35, "grant"),
    ]
    assert [read.builders for read in world.facts(PipelineRead)] == [("widget:tests",)]
    assert {move.branch for move in world.facts(BranchMoved)} == {"main", "stable"}


async def test_what_is_no_file_is_not_followed(world: World, repository: Repository, tmp_path: Path) -> None:
    """A link, a directory, a submodule, a file that is too large: each is said."""
    await grant(world, repository)
    poller, said = world.poller(repository), []

    async def commit() -> None:
        repository.git("add", "--all")
        repository.commit("next")
        await poller.poll()
        said.append(world.facts(PipelineRejected)[-1].problems[0].message)

    path = repository.path / FILE
    path.symlink_to("/etc/passwd")
    await commit()
    path.unlink()
    repository.write(f"{FILE}/inner", "x")
    await commit()
    repository.git("rm", "-r", "--quiet", FILE)
    repository.git("update-index", "--add", "--cacheinfo", f"160000,{repository.head()},{FILE}")
    repository.commit("submodule")
    await poller.poll()
    said.append(world.facts(PipelineRejected)[-1].problems[0].message)
    repository.git("rm", "--cached", "--quiet", FILE)
    path.write_text("#" * (PIPELINE_BYTES + 1))
    await commit()
    assert said == [
        "can't be read: it is a symbolic link, and no link is followed",
        "can't be read: it is a directory",
        "can't be read: it is a submodule",
        f"the file is larger than {PIPELINE_BYTES} bytes",
    ]


async def test_another_configuration_has_the_heads_read_anew(world: World, repository: Repository) -> None:
    """A fact comes of it only where it makes a difference; a poll that finds nothing new in the repository does it."""
    await grant(world, repository, "{may_define: [builders]}")
    repository.commit("file", **{FILE: TESTS.replace("tests: {", "tests: {priority: 5, ")})
    poller = world.poller(repository)
    await poller.poll()
    assert len(world.facts(PipelineRejected)) == 1
    await grant(world, repository, "{may_define: [builders, when]}")
    await poller.poll()
    assert len(world.facts(PipelineRejected)) == 1
    digest = await grant(world, repository, "{may_define: [builders, priority]}")
    await poller.poll()
    (read,) = world.facts(PipelineRead)
    assert read.config_digest == digest
    await world.poller(repository).poll()
    assert len(world.facts(PipelineRead)) == 1
