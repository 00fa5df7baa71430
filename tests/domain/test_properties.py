"""Whatever is commanded in whatever order, the rules hold."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from functools import reduce
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from buildledger.domain import (
    build,
    build_rules,
    change,
    config,
    enrollment,
    log,
    machine,
    person,
    pipeline,
    projection,
    request,
    seal,
    server,
    source,
    worker,
    worker_rules,
)
from buildledger.domain.aggregates import AGGREGATES, BY_COMMAND
from buildledger.domain.command import Aggregate, Command
from buildledger.domain.refusals import REFUSALS, Refusal
from buildledger.events.build import (
    BuildFinished,
    OperationFinished,
    OperationRequested,
    OperationStarted,
    StepFinished,
    StepStarted,
)
from buildledger.events.fact import Fact
from buildledger.events.ids import ClaimId, WordsId, build_id, operation_id
from buildledger.events.operation import Ended
from buildledger.events.person import ClaimRecorded
from buildledger.events.request import RequestClaimed, RequestFinished, RequestReturned
from buildledger.events.results import Result
from buildledger.events.seal import HeadDigest, SealMade
from buildledger.events.worker import WorkerConnected, WorkerDisconnected, WorkerLost
from tests.domain import samples
from tests.domain.samples import (
    ARTIFACT,
    BUILD,
    COMPLETE,
    LOG,
    OPENED,
    OTHER_REQUEST,
    REPORT,
    REQUEST,
    RUN,
    SERVER,
    hello,
)

small = st.integers(0, 3)
results = st.sampled_from(list(Result))
builds = st.builds(build_id, st.just(REQUEST), st.integers(1, 3))
operations = st.builds(operation_id, st.just(BUILD), st.integers(0, 2), st.integers(0, 1))
ended = st.sampled_from([samples.PASSED, samples.FAILED, Ended(reason="lost"), Ended(reason="cancel")])
words = st.sampled_from(["a", "b"])
fences = st.sampled_from([6, 7, 7, 7])
heads = st.builds(lambda size: (HeadDigest(size=size, sha256="aa"),), small)
seals = st.builds(
    SealMade, heads=st.just(()) | heads, commands_from=small, commands_before=small, commands_sha256=st.just("bb")
)


def of(command: type[Command], **fields: st.SearchStrategy[Any]) -> st.SearchStrategy[Command]:
    """Commands of one class."""
    return st.builds(command, **fields)


on_request = {"request_id": st.just(REQUEST)}
on_build = {"build_id": st.just(BUILD)}
on_worker = {"worker": st.just("w1")}
on_log = {"log_id": st.just(LOG)}
on_server = {"server_id": st.just(SERVER)}
on_token = {"token_digest": st.just("t")}
on_source = {"source": st.just("widget")}
failing = {"at": st.just(samples.AT), "first_quarantine": st.just(timedelta(seconds=30))}

COMMANDS: dict[str, st.SearchStrategy[Command]] = {
    request.AGGREGATE.name: st.one_of(
        of(request.SubmitRequest, **on_request, request=st.sampled_from([samples.submitted(), samples.submitted()])),
        of(request.PrioritiseRequest, **on_request, priority=small),
        of(request.CancelRequest, **on_request, reason=words),
        of(request.ClaimRequest, **on_request, build_id=builds, attempt=st.integers(1, 3)),
        of(request.CollapseRequest, **on_request, into=st.just(OTHER_REQUEST)),
        of(request.ReturnRequest, **on_request, build_id=builds, reason=words),
        of(request.FinishRequest, **on_request, result=results, build_id=st.none() | builds),
    ),
    build_rules.AGGREGATE.name: st.one_of(
        of(build.AssignBuild, **on_build, assignment=st.sampled_from([samples.assigned()])),
        of(build.StartStep, **on_build, step=small, name=words, program=words, program_version=st.just(1)),
        of(
            build.RequestOperation,
            **on_build,
            operation_id=operations,
            step=small,
            label=words,
            spec=st.just(RUN),
        ),
        of(build.ReportOperationStarted, **on_build, operation_id=operations, fence=fences),
        of(build.FinishOperation, **on_build, operation_id=operations, fence=fences, ended=ended),
        of(build.SetProperty, **on_build, name=words, value=small, origin=words),
        of(build.ObtainRevision, **on_build, source=words, revision=words),
        of(build.StoreArtifact, **on_build, artifact=st.just(ARTIFACT)),
        of(build.RemoveArtifact, **on_build, operation_id=operations, reason=words),
        of(build.ReportTests, **on_build, report=st.sampled_from([REPORT])),
        of(build.FinishStep, **on_build, step=small, result=results),
        of(build.StopBuild, **on_build, reason=words),
        of(build.FinishBuild, **on_build, result=results),
    ),
    worker_rules.AGGREGATE.name: st.one_of(
        of(worker.EnrollWorker, **on_worker, credential_digest=st.sampled_from(["d1", "d2"])),
        st.builds(
            hello,
            instance_id=st.sampled_from(["one", "two"]),
            credential_digest=st.sampled_from(["d1", None]),
            last_epoch=small,
            restored=st.booleans(),
        ),
        of(worker.DisconnectWorker, **on_worker, epoch=small, reason=words),
        of(worker.ExpireLease, **on_worker, epoch=small),
        of(worker.ReportWorkerMissing, **on_worker, epoch=small, since=st.just(samples.AT)),
        of(worker.PauseWorker, **on_worker),
        of(worker.ResumeWorker, **on_worker),
        of(worker.RevokeWorker, **on_worker),
        of(
            worker.RotateCredential,
            **on_worker,
            shown_digest=st.sampled_from(["d1", "d2"]),
            credential_digest=st.sampled_from(["d2", "d3"]),
            at=st.just(samples.AT),
            overlap=st.just(timedelta(hours=1)),
        ),
        of(
            worker.ExpireCredential,
            **on_worker,
            credential_digest=st.sampled_from(["d1", "d2"]),
            at=st.just(samples.AT),
        ),
    ),
    change.AGGREGATE.name: of(change.RecordChange, change=st.just(samples.change())),
    source.AGGREGATE.name: st.one_of(
        of(
            source.MoveBranch,
            **on_source,
            move=st.builds(samples.moved, branch=words, revision=st.none() | words),
        ),
        of(source.ReportSourceFailure, **on_source, cause=words, detail=words),
        of(source.ReportSourceRecovery, **on_source),
        of(source.ReportDefaultBranch, **on_source, branch=st.none() | words),
    ),
    config.AGGREGATE.name: of(
        config.ApplyConfig, digest=words, text=words, origin=words, expected_revision=st.none() | st.integers(0, 4)
    ),
    pipeline.AGGREGATE.name: st.one_of(
        of(pipeline.DefinePipeline, definition=st.just(samples.DEFINED)),
        of(pipeline.ReportPipeline, outcome=st.sampled_from(samples.OUTCOMES)),
    ),
    log.AGGREGATE.name: st.one_of(
        of(log.OpenLog, **on_log, opened=st.just(OPENED)), of(log.FinishLog, **on_log, finished=st.just(COMPLETE))
    ),
    enrollment.AGGREGATE.name: st.one_of(
        of(enrollment.IssueEnrollment, **on_token, worker=st.none() | words, at=st.just(samples.AT)),
        of(enrollment.UseEnrollment, **on_token, worker=words, at=st.just(samples.AT)),
    ),
    machine.AGGREGATE.name: st.one_of(
        of(machine.StartMachine, **on_worker, start=small, settings=words, reason=words),
        of(machine.ReportMachineStarted, **on_worker, start=small, place=words),
        of(machine.FailMachine, **on_worker, start=small, reason=words, **failing),
        of(machine.ReleaseMachine, **on_worker, reason=words),
        of(machine.NoteMachineIdle, **on_worker, start=small, after=st.none() | builds),
        of(machine.StopMachine, **on_worker, start=small, reason=words),
        of(machine.EndMachine, **on_worker, start=small, reason=words, **failing),
    ),
    person.AGGREGATE.name: st.just(
        person.RecordClaim(
            claim_id=ClaimId(REQUEST),
            claim=ClaimRecorded(kind="email", words_id=WordsId(REQUEST), words_digest=""),
        )
    ),
    server.AGGREGATE.name: st.one_of(
        of(server.StartServer, **on_server, version=words, roles=st.just(())),
        of(server.StopServer, **on_server),
        of(server.LoseServer, **on_server, term=small),
    ),
    projection.AGGREGATE.name: of(
        projection.SkipFact, reader=st.just("status"), reader_version=small, position=small, fact=words, reason=words
    ),
    seal.AGGREGATE.name: of(seal.MakeSeal, seal=seals),
}
NOT_IDEMPOTENT = (worker.ConnectWorker, config.ReportConfigEffectFailure)
"""A second hello is a second session; a second failure is a second failure."""


def history(aggregate: Aggregate, commands: list[Command]) -> list[Fact]:
    """The facts that the commands leave, refused ones left out; checks what holds for every stream on the way."""
    state, facts = aggregate.initial, list[Fact]()
    for command in commands:
        before = state
        try:
            decided = aggregate.decide(state, command)
        except REFUSALS:
            continue
        assert aggregate.decide(before, command) == decided, "deciding has no side effect"
        state = reduce(aggregate.evolve, decided, state)
        facts.extend(decided)
        if not isinstance(command, NOT_IDEMPOTENT):
            assert _repeated(aggregate, state, command) == (), "a repeated command decides nothing"
    assert reduce(aggregate.evolve, facts, aggregate.initial) == state, "the state is a fold of the facts"
    return facts


def _repeated(aggregate: Aggregate, state: Any, command: Command) -> tuple[Fact, ...]:
    try:
        return aggregate.decide(state, command)
    except Refusal:
        return ()


@pytest.mark.parametrize("aggregate", AGGREGATES, ids=lambda aggregate: aggregate.name)
@given(data=st.data())
def test_every_stream_is_a_fold_and_repeating_is_harmless(aggregate: Aggregate, data: st.DataObject) -> None:
    """For every aggregate: decisions are pure, and a command repeated at once adds nothing."""
    history(aggregate, data.draw(st.lists(COMMANDS[aggregate.name], max_size=30)))


def test_every_command_belongs_to_one_aggregate() -> None:
    """The ledger finds the rules of a command by its class."""
    commands = [command for aggregate in AGGREGATES for command in aggregate.commands]
    assert len(set(commands)) == len(commands) == len(BY_COMMAND)
    assert set(COMMANDS) == {aggregate.name for aggregate in AGGREGATES}


@given(st.lists(COMMANDS["request"], max_size=40))
def test_a_request_has_one_build_at_a_time_and_one_answer(commands: list[Command]) -> None:
    """Claims and returns alternate, attempts count up by one, and nothing follows the answer."""
    facts = history(
        request.AGGREGATE, [request.SubmitRequest(request_id=REQUEST, request=samples.submitted()), *commands]
    )
    holder, attempts = None, 0
    for fact in facts:
        match fact:
            case RequestClaimed():
                assert holder is None
                assert fact.attempt == attempts + 1
                holder, attempts = fact.build_id, fact.attempt
            case RequestReturned():
                assert fact.build_id == holder
                holder = None
            case RequestFinished():
                assert fact is facts[-1]
                assert fact.build_id == holder or holder is None


@given(st.lists(COMMANDS["build"], max_size=60))
def test_a_build_goes_step_by_step_to_its_end(commands: list[Command]) -> None:
    """Steps follow without gaps, operations begin and end once inside their step, and nothing follows the end."""
    assign = build.AssignBuild(build_id=BUILD, assignment=samples.assigned())
    facts = history(build_rules.AGGREGATE, [assign, *commands])
    step, running, waiting, seen = -1, False, set[object](), Counter[tuple[type[Fact], object]]()
    for fact in facts:
        match fact:
            case StepStarted():
                assert (fact.step, running) == (step + 1, False)
                step, running = fact.step, True
            case StepFinished():
                assert (fact.step, running) == (step, True)
                assert not waiting
                running = False
            case OperationRequested():
                assert (fact.step, running) == (step, True)
                waiting.add(fact.operation_id)
                seen[OperationRequested, fact.operation_id] += 1
            case OperationStarted():
                assert fact.operation_id in waiting
                seen[OperationStarted, fact.operation_id] += 1
            case OperationFinished():
                waiting.remove(fact.operation_id)
            case BuildFinished():
                assert not running
                assert fact is facts[-1]
    assert all(count == 1 for count in seen.values())


@given(st.lists(COMMANDS["worker"], max_size=40))
def test_a_worker_has_one_session_at_a_time(commands: list[Command]) -> None:
    """Epochs count up, sessions don't overlap, and only a disconnected worker is lost, once a session."""
    epoch, open_, lost = 0, False, False
    for fact in history(worker_rules.AGGREGATE, commands):
        match fact:
            case WorkerConnected():
                assert (fact.epoch > epoch, open_) == (True, False)
                epoch, open_, lost = fact.epoch, True, False
            case WorkerDisconnected():
                assert (fact.epoch, open_) == (epoch, True)
                open_ = False
            case WorkerLost():
                assert (fact.epoch, open_, lost) == (epoch, False, False)
                lost = True
