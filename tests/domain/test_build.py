"""The rules of a build's life."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from buildledger.domain import build_rules
from buildledger.domain.build import (
    AssignBuild,
    FinishBuild,
    FinishOperation,
    FinishStep,
    ObtainRevision,
    RemoveArtifact,
    ReportOperationStarted,
    ReportTests,
    RequestOperation,
    RequestStepLocks,
    SetProperty,
    StartStep,
    StopBuild,
    StoreArtifact,
    TakeStepLocks,
)
from buildledger.domain.command import Command
from buildledger.domain.refusals import (
    BuildFinishedRefusal,
    BuildStoppingRefusal,
    BuildTakenRefusal,
    NotFoundRefusal,
    StaleFenceRefusal,
    StepOrderRefusal,
    UnknownOperationRefusal,
)
from buildledger.events.build import (
    ArtifactRemoved,
    BuildFinished,
    BuildStopRequested,
    OperationFinished,
    OperationRequested,
    OperationStarted,
    PropertySet,
    RevisionObtained,
    StepFinished,
    StepLocksRequested,
    StepLocksTaken,
    StepStarted,
)
from buildledger.events.fact import Fact
from buildledger.events.results import Result
from tests.domain.samples import ARTIFACT, BUILD, OPERATION, OTHER_REQUEST, PASSED, REPORT, RUN, assigned
from tests.domain.scenario import Scenario

STARTED = StepStarted(step=0, name="run", program="run", program_version=1)
REQUESTED = OperationRequested(operation_id=OPERATION, step=0, label="true", worker="w1", fence=7, spec=RUN)
RUNNING = OperationStarted(operation_id=OPERATION, mechanism="session")
ENDED = OperationFinished(operation_id=OPERATION, ended=PASSED)
STEP_DONE = StepFinished(step=0, result=Result.SUCCESS)
DONE = BuildFinished(result=Result.SUCCESS)

START = StartStep(build_id=BUILD, step=0, name="run", program="run", program_version=1)
REQUEST_OPERATION = RequestOperation(build_id=BUILD, operation_id=OPERATION, step=0, label="true", spec=RUN)
REPORT_STARTED = ReportOperationStarted(build_id=BUILD, operation_id=OPERATION, fence=7, mechanism="session")
FINISH_OPERATION = FinishOperation(build_id=BUILD, operation_id=OPERATION, fence=7, ended=PASSED)
FINISH_STEP = FinishStep(build_id=BUILD, step=0, result=Result.SUCCESS)
FINISH = FinishBuild(build_id=BUILD, result=Result.SUCCESS)


def given(*past: Fact) -> Scenario:
    return Scenario(build_rules.AGGREGATE, *past)


def test_a_one_step_build_from_end_to_end() -> None:
    """Each command of an ordinary build makes exactly one fact."""
    commands = (
        AssignBuild(build_id=BUILD, assignment=assigned()),
        START,
        REQUEST_OPERATION,
        REPORT_STARTED,
        FINISH_OPERATION,
        FINISH_STEP,
        FINISH,
    )
    given().when(*commands).then(assigned(), STARTED, REQUESTED, RUNNING, ENDED, STEP_DONE, DONE)


def test_an_assignment_is_made_once() -> None:
    """The same assignment again decides nothing."""
    given(assigned()).when(AssignBuild(build_id=BUILD, assignment=assigned())).then_nothing()


@pytest.mark.parametrize("other", [{"worker": "w2"}, {"requests": (OTHER_REQUEST,)}])
def test_of_two_servers_that_race_for_a_build_one_wins(other: dict[str, object]) -> None:
    """The second assignment is refused and names the worker that has it."""
    command = AssignBuild(build_id=BUILD, assignment=assigned(**other))
    assert "'w1'" in given(assigned()).refuses(command, BuildTakenRefusal)


@pytest.mark.parametrize("command", [START, REQUEST_OPERATION, FINISH_OPERATION, FINISH_STEP, FINISH])
def test_a_build_that_was_never_assigned_is_not_there(command: Command) -> None:
    """Nothing comes before the assignment."""
    given().refuses(command, NotFoundRefusal)


def test_a_step_that_has_begun_begins_no_second_time() -> None:
    """Repeating a start decides nothing, also after later steps have begun."""
    later = StepStarted(step=1, name="more", program="run", program_version=1)
    given(assigned(), STARTED).when(START).then_nothing()
    given(assigned(), STARTED, STEP_DONE, later).when(START).then_nothing()


@pytest.mark.parametrize(("past", "step"), [((), 1), ((STARTED,), 1), ((STARTED, STEP_DONE), 2)])
def test_steps_start_one_after_another(past: tuple[Fact, ...], step: int) -> None:
    """No step starts while another runs, and none is left out."""
    command = StartStep(build_id=BUILD, step=step, name="more", program="run", program_version=1)
    given(assigned(), *past).refuses(command, StepOrderRefusal)


def test_a_step_that_has_not_started_can_not_finish() -> None:
    """There is no end without a beginning."""
    given(assigned()).refuses(FINISH_STEP, StepOrderRefusal)


def test_a_step_finishes_once() -> None:
    """A repeated end decides nothing."""
    given(assigned(), STARTED, STEP_DONE).when(FINISH_STEP).then_nothing()


@pytest.mark.parametrize("past", [(REQUESTED,), (REQUESTED, RUNNING)], ids=["requested", "started"])
def test_a_step_waits_for_its_operation(past: tuple[Fact, ...]) -> None:
    """While a worker is still at it the step can't finish, so no process outlives its step."""
    given(assigned(), STARTED, *past).refuses(FINISH_STEP, StepOrderRefusal)


def test_an_operation_is_requested_once() -> None:
    """The same operation again decides nothing: a replayed program runs nothing twice."""
    given(assigned(), STARTED, REQUESTED).when(REQUEST_OPERATION).then_nothing()


@pytest.mark.parametrize("past", [(), (STARTED, STEP_DONE)], ids=["before", "after"])
def test_only_a_running_step_asks_for_operations(past: tuple[Fact, ...]) -> None:
    """Outside its step an operation is refused."""
    given(assigned(), *past).refuses(REQUEST_OPERATION, StepOrderRefusal)


def test_a_step_asks_for_its_locks_and_gets_them_once() -> None:
    """Repeating either decides nothing, and only then it asks for operations."""
    ask = RequestStepLocks(build_id=BUILD, step=0, locks={"db": 1})
    take = TakeStepLocks(build_id=BUILD, step=0)
    asked, taken = StepLocksRequested(step=0, locks={"db": 1}), StepLocksTaken(step=0)
    given(assigned(), STARTED).when(ask, ask, take, take, REQUEST_OPERATION).then(asked, taken, REQUESTED)
    given(assigned(), STARTED, asked).refuses(REQUEST_OPERATION, StepOrderRefusal)


def test_only_a_running_step_that_asked_gets_locks() -> None:
    """Before its start, after its end, and for another step they are refused; the next step asks anew."""
    asked = StepLocksRequested(step=0, locks={"db": 1})
    take = TakeStepLocks(build_id=BUILD, step=0)
    for past in ((), (STARTED,), (STARTED, asked, STEP_DONE)):
        given(assigned(), *past).refuses(take, StepOrderRefusal)
    later = StepStarted(step=1, name="more", program="run", program_version=1)
    before = (assigned(), STARTED, asked, StepLocksTaken(step=0), STEP_DONE, later)
    given(*before).refuses(TakeStepLocks(build_id=BUILD, step=1), StepOrderRefusal)
    given(*before).when(RequestStepLocks(build_id=BUILD, step=1, locks={"db": 2})).then(
        StepLocksRequested(step=1, locks={"db": 2})
    )


def test_a_step_that_waits_for_its_locks_may_end() -> None:
    """Nothing runs for it, so that a stop ends it at once."""
    past = (assigned(), STARTED, StepLocksRequested(step=0, locks={"db": 1}))
    given(*past).when(FINISH_STEP, FINISH).then(STEP_DONE, DONE)


@pytest.mark.parametrize("command", [REPORT_STARTED, FINISH_OPERATION])
def test_reports_repeat_without_harm(command: Command) -> None:
    """Only the first start and the first end of an operation count."""
    given(assigned(), STARTED, REQUESTED, RUNNING, ENDED).when(command).then_nothing()


def test_an_end_may_come_without_a_start() -> None:
    """A process that could not be started ends without ever having begun."""
    given(assigned(), STARTED, REQUESTED).when(FINISH_OPERATION).then(ENDED)


@pytest.mark.parametrize("report", [ReportOperationStarted, FinishOperation])
def test_reports_for_an_older_assignment_are_refused(report: type[Command]) -> None:
    """A worker that speaks with another fence speaks for another assignment."""
    others = {"ended": PASSED} if report is FinishOperation else {}
    command = report(build_id=BUILD, operation_id=OPERATION, fence=6, **others)
    given(assigned(), STARTED, REQUESTED).refuses(command, StaleFenceRefusal)


@pytest.mark.parametrize("command", [REPORT_STARTED, FINISH_OPERATION])
def test_an_operation_that_was_never_asked_for_is_unknown(command: Command) -> None:
    """A report needs a request."""
    given(assigned(), STARTED).refuses(command, UnknownOperationRefusal)


def test_what_a_build_learns_is_recorded_once() -> None:
    """Properties, revisions and artifacts are facts only when they differ from what is known."""
    learn: tuple[Command, ...] = (
        SetProperty(build_id=BUILD, name="version", value="1.2", origin="version"),
        ObtainRevision(build_id=BUILD, source="widget", revision="b" * 40),
        StoreArtifact(build_id=BUILD, artifact=ARTIFACT),
    )
    given(assigned(), STARTED).when(*learn, *learn).then(
        PropertySet(name="version", value="1.2", origin="version"),
        RevisionObtained(source="widget", revision="b" * 40),
        ARTIFACT,
    )


def test_a_report_comes_in_parts_each_once() -> None:
    """The parts of a report follow each other; a part that is there already decides nothing."""
    first, second = (ReportTests(build_id=BUILD, report=part) for part in (REPORT, replace(REPORT, part=1)))
    given(assigned(), STARTED).when(first, second, first, second).then(REPORT, replace(REPORT, part=1))


def test_a_report_that_comes_after_the_end_of_its_operation() -> None:
    """Whoever reads reports of an operation that was stopped meanwhile records none of them."""
    report = ReportTests(build_id=BUILD, report=REPORT)
    given(assigned(), STARTED, REQUESTED, ENDED).when(report, FINISH_OPERATION).then()


def test_an_artifact_can_go_after_the_end_of_its_build() -> None:
    """Its removal is recorded once, also of a build that is over; one that was never there can't be removed."""
    removal = RemoveArtifact(build_id=BUILD, operation_id=OPERATION, reason="expired")
    past = (assigned(), STARTED, REQUESTED, ENDED, ARTIFACT, STEP_DONE, DONE)
    given(*past).when(removal, removal).then(ArtifactRemoved(operation_id=OPERATION, reason="expired"))
    given(assigned(), STARTED, STEP_DONE, DONE).when(removal).then()


def test_a_property_can_change() -> None:
    """Another value is another fact."""
    first = PropertySet(name="version", value="1.2", origin="version")
    command = SetProperty(build_id=BUILD, name="version", value="1.3", origin="again")
    given(assigned(), first).when(command).then(PropertySet(name="version", value="1.3", origin="again"))


def test_a_stop_is_asked_for_once() -> None:
    """Asking twice decides nothing; the first reason stands."""
    given(assigned()).when(
        StopBuild(build_id=BUILD, reason="superseded"), StopBuild(build_id=BUILD, reason="again")
    ).then(BuildStopRequested(reason="superseded"))


def test_nothing_is_asked_for_after_a_stop_but_what_always_runs() -> None:
    """Whoever decided before the stop was recorded is refused: the build would never end."""
    stopped = (assigned(), STARTED, BuildStopRequested(reason="superseded"))
    given(*stopped).refuses(REQUEST_OPERATION, BuildStoppingRefusal)
    given(*stopped).when(replace(REQUEST_OPERATION, always_run=True)).then(REQUESTED)


def test_a_stop_is_asked_for_again_when_a_step_runs_all_the_same() -> None:
    """The second one ends what always runs, and a third decides nothing."""
    again = StopBuild(build_id=BUILD, reason="now")
    stopped_between_steps = (assigned(), BuildStopRequested(reason="superseded"), STARTED)
    given(*stopped_between_steps).when(again, again).then(BuildStopRequested(reason="now"))
    always = replace(REQUEST_OPERATION, always_run=True)
    given(*stopped_between_steps, BuildStopRequested(reason="now")).refuses(always, BuildStoppingRefusal)


def test_a_build_can_not_finish_in_the_middle_of_a_step() -> None:
    """The step ends first."""
    given(assigned(), STARTED).refuses(FINISH, StepOrderRefusal)


@pytest.mark.parametrize("command", [FINISH, REPORT_STARTED, FINISH_OPERATION, StopBuild(build_id=BUILD, reason="")])
def test_a_finished_build_takes_back_what_is_late(command: Command) -> None:
    """Repeated ends, late reports and late stops decide nothing."""
    given(assigned(), STARTED, REQUESTED, ENDED, STEP_DONE, DONE).when(command).then_nothing()


@pytest.mark.parametrize(
    "command",
    [
        FinishBuild(build_id=BUILD, result=Result.FAILURE),
        StartStep(build_id=BUILD, step=1, name="more", program="run", program_version=1),
        REQUEST_OPERATION,
        SetProperty(build_id=BUILD, name="late", value=1, origin="late"),
        StoreArtifact(build_id=BUILD, artifact=ARTIFACT),
    ],
)
def test_nothing_can_be_added_to_a_finished_build(command: Command) -> None:
    """The end of a build is final."""
    given(assigned(), STARTED, STEP_DONE, DONE).refuses(command, BuildFinishedRefusal)
