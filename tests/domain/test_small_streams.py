"""The rules of changes, sources, configuration, logs, enrollment tokens, claims and server processes."""

from __future__ import annotations

from datetime import timedelta
from functools import partial

import msgspec
import pytest

from buildledger.domain import change, config, enrollment, log, person, pipeline, projection, seal, server, source
from buildledger.domain.change import RecordChange
from buildledger.domain.config import ApplyConfig, ReportConfigEffectFailure
from buildledger.domain.enrollment import IssueEnrollment, UseEnrollment
from buildledger.domain.log import FinishLog, OpenLog
from buildledger.domain.person import RecordClaim, normalise
from buildledger.domain.pipeline import DefinePipeline, ReportPipeline
from buildledger.domain.projection import SkipFact
from buildledger.domain.refusals import (
    ConfigRevisionRefusal,
    LogContradictedRefusal,
    NotFoundRefusal,
    TokenRefusal,
)
from buildledger.domain.seal import MakeSeal
from buildledger.domain.server import StartServer, StopServer
from buildledger.domain.source import MoveBranch, ReportSourceFailure, ReportSourceRecovery
from buildledger.events.change import SourceFailed, SourceRecovered
from buildledger.events.config import ConfigApplied, ConfigEffectFailed
from buildledger.events.ids import ClaimId, WordsId, change_id
from buildledger.events.log import LogFinished
from buildledger.events.person import ClaimRecorded
from buildledger.events.projection import ProjectionSkipped
from buildledger.events.seal import HeadDigest, SealMade
from buildledger.events.server import ServerStarted, ServerStopped
from buildledger.events.worker import EnrollmentIssued, EnrollmentUsed
from tests.domain import samples
from tests.domain.samples import AT, COMPLETE, LOG, OPENED, REQUEST, SERVER
from tests.domain.scenario import Scenario

ISSUED = EnrollmentIssued(token_digest="t", worker="w1", expires_at=AT + timedelta(minutes=10))
APPLIED = ConfigApplied(revision=1, digest="d1", text="{}", origin="ci.yaml", plan=("created builder tests",))


def test_a_commit_is_recorded_once() -> None:
    """However often it is reported, and its stream is named by source and revision."""
    command = RecordChange(change=samples.change())
    assert command.stream_id == change_id("widget", "a" * 40)
    Scenario(change.AGGREGATE).when(command, command).then(samples.change())


def test_a_branch_moves_only_to_another_place() -> None:
    """The same head again decides nothing; a branch that is gone may come back to where it was."""
    gone = samples.moved(previous="a" * 40, revision=None)
    moves = [samples.moved(), samples.moved(), gone, gone, samples.moved()]
    answer = Scenario(source.AGGREGATE).when(*(MoveBranch(source="widget", move=move) for move in moves))
    answer.then(samples.moved(), gone, samples.moved())


def test_an_outage_is_recorded_once_for_each_cause() -> None:
    """Each further attempt that fails for the same cause decides nothing; recovery needs an outage."""
    recover = ReportSourceRecovery(source="widget")
    fail = ReportSourceFailure(source="widget", cause="network", detail="no route")
    Scenario(source.AGGREGATE).when(recover, fail, fail, recover, recover).then(
        SourceFailed(source="widget", cause="network", detail="no route"), SourceRecovered(source="widget")
    )


def test_an_outage_may_change_its_cause() -> None:
    """Another cause is another fact."""
    fail = partial(ReportSourceFailure, source="widget", detail="")
    Scenario(source.AGGREGATE).when(fail(cause="network"), fail(cause="auth")).then(
        SourceFailed(source="widget", cause="network", detail=""),
        SourceFailed(source="widget", cause="auth", detail=""),
    )


def test_revisions_of_the_configuration_follow_each_other() -> None:
    """The one in force applied again decides nothing; another one is the next revision."""
    apply = partial(ApplyConfig, text="{}", origin="ci.yaml", plan=("created builder tests",))
    second = ConfigApplied(revision=2, digest="d2", text="{}", origin="ci.yaml", plan=("created builder tests",))
    Scenario(config.AGGREGATE).when(apply(digest="d1"), apply(digest="d1"), apply(digest="d2")).then(APPLIED, second)


def test_an_older_configuration_can_be_applied_again() -> None:
    """Going back is a revision like any other."""
    second = ConfigApplied(revision=2, digest="d2", text="{}", origin="ci.yaml")
    back = ApplyConfig(digest="d1", text="{}", origin="rollback", expected_revision=2)
    Scenario(config.AGGREGATE, APPLIED, second).when(back).then(
        ConfigApplied(revision=3, digest="d1", text="{}", origin="rollback")
    )


def test_a_configuration_that_moved_on_is_not_overwritten() -> None:
    """Whoever looked at an older revision has to look again."""
    command = ApplyConfig(digest="d2", text="{}", origin="ci.yaml", expected_revision=0)
    assert "revision 1, not 0" in Scenario(config.AGGREGATE, APPLIED).refuses(command, ConfigRevisionRefusal)


def test_the_file_of_a_revision_is_told_of_when_it_comes_to_something_else() -> None:
    """The same again, under whatever configuration, decides nothing: it is read anew after each that is applied."""
    missing, rejected, read = samples.OUTCOMES
    again = msgspec.structs.replace(read, config_digest="d3")
    reports = [ReportPipeline(outcome=each) for each in (missing, rejected, rejected, read, again, missing)]
    Scenario(pipeline.AGGREGATE).when(*reports).then(missing, rejected, read, missing)


def test_a_pipeline_is_stored_once() -> None:
    """However many revisions and builds have it."""
    define = DefinePipeline(definition=samples.DEFINED)
    Scenario(pipeline.AGGREGATE).when(define, define).then(samples.DEFINED)


def test_a_component_that_can_not_follow_says_so() -> None:
    """Its failure is a fact beside the revision."""
    command = ReportConfigEffectFailure(revision=1, component="poller:widget", detail="no such host")
    Scenario(config.AGGREGATE, APPLIED).when(command).then(
        ConfigEffectFailed(revision=1, component="poller:widget", detail="no such host")
    )


def test_a_log_opens_and_finishes_once() -> None:
    """Repetitions decide nothing."""
    start, end = OpenLog(log_id=LOG, opened=OPENED), FinishLog(log_id=LOG, finished=COMPLETE)
    Scenario(log.AGGREGATE).when(start, start, end, end, start).then(OPENED, COMPLETE)


def test_a_log_needs_a_beginning() -> None:
    """Finishing what was never opened is refused."""
    Scenario(log.AGGREGATE).refuses(FinishLog(log_id=LOG, finished=COMPLETE), NotFoundRefusal)


def test_a_finished_log_never_changes() -> None:
    """Other contents under the same log are refused."""
    other = FinishLog(log_id=LOG, finished=LogFinished(size_bytes=4, line_count=1, sha256="0" * 64))
    Scenario(log.AGGREGATE, OPENED, COMPLETE).refuses(other, LogContradictedRefusal)


def test_a_token_is_issued_once_and_used_once() -> None:
    """A repeated issue decides nothing; a second use is refused."""
    issue = IssueEnrollment(token_digest="t", worker="w1", at=AT, life=timedelta(minutes=10))
    use = UseEnrollment(token_digest="t", worker="w1", at=AT)
    token = Scenario(enrollment.AGGREGATE)
    token.when(issue, issue, use).then(ISSUED, EnrollmentUsed(worker="w1"))
    assert "used before" in token.refuses(use, TokenRefusal)


@pytest.mark.parametrize(
    ("past", "worker", "late", "says"),
    [
        ((), "w1", timedelta(), "unknown"),
        ((ISSUED,), "w1", timedelta(minutes=11), "expired"),
        ((ISSUED,), "w2", timedelta(), "another worker"),
    ],
)
def test_a_token_opens_for_one_worker_in_time(
    past: tuple[EnrollmentIssued, ...], worker: str, late: timedelta, says: str
) -> None:
    """Unknown, expired and foreign tokens are refused, each by name."""
    use = UseEnrollment(token_digest="t", worker=worker, at=AT + late)
    assert says in Scenario(enrollment.AGGREGATE, *past).refuses(use, TokenRefusal)


def test_a_token_can_be_made_for_any_worker() -> None:
    """Without a name it opens for whoever shows it first."""
    anyone = EnrollmentIssued(token_digest="t", expires_at=AT + timedelta(hours=1))
    use = UseEnrollment(token_digest="t", worker="w9", at=AT)
    Scenario(enrollment.AGGREGATE, anyone).when(use).then(EnrollmentUsed(worker="w9"))


def test_a_token_lives_an_hour_at_the_most() -> None:
    """Longer is refused."""
    command = IssueEnrollment(token_digest="t", worker=None, at=AT, life=timedelta(hours=2))
    assert "1:00:00" in Scenario(enrollment.AGGREGATE).refuses(command, TokenRefusal)


def test_a_claim_is_recorded_once() -> None:
    """Seen again it decides nothing."""
    claim = ClaimRecorded(kind="email", words_id=WordsId(REQUEST), words_digest="")
    command = RecordClaim(claim_id=ClaimId(REQUEST), claim=claim)
    Scenario(person.AGGREGATE).when(command, command).then(claim)


@pytest.mark.parametrize(
    ("kind", "value", "same"),
    [
        ("email", " Ann@Example.ORG ", "ann@example.org"),
        ("git.author", "Ann  Lee <Ann@Example.org>", "Ann Lee <ann@example.org>"),
        ("svn.username", "Ann", "Ann"),
    ],
)
def test_two_writings_of_a_claim_are_equal(kind: str, value: str, same: str) -> None:
    """Addresses are compared without regard to case, names keep theirs."""
    assert normalise(kind, value) == same
    assert normalise(kind, same) == same


def test_a_server_process_starts_once_and_stops_once() -> None:
    """Repetitions decide nothing."""
    start = StartServer(server_id=SERVER, version="1", roles=("api",))
    stop = StopServer(server_id=SERVER, reason="signal")
    Scenario(server.AGGREGATE).when(stop, start, start, stop, stop).then(
        ServerStarted(version="1", roles=("api",)), ServerStopped(reason="signal")
    )


def test_a_fact_is_set_aside_once_by_each_version_of_a_reader() -> None:
    """A reader that meets it again, after a crash or a rebuild, decides nothing; a later version says so anew."""
    skip = SkipFact(reader="status", reader_version=1, position=7, fact="x.v1", reason="why")
    skipped = ProjectionSkipped(reader="status", reader_version=1, position=7, fact="x.v1", reason="why")
    later = msgspec.structs.replace(skip, reader_version=2)
    Scenario(projection.AGGREGATE).when(skip, skip, later).then(
        skipped, msgspec.structs.replace(skipped, reader_version=2)
    )


def test_a_seal_goes_on_where_the_last_one_ended() -> None:
    """One of a server that didn't know the last seal decides nothing, so that nothing is left out or counted twice."""
    first = SealMade(heads=(HeadDigest(size=3, sha256="aa"),), commands_from=0, commands_before=3, commands_sha256="bb")
    second = SealMade(commands_from=3, commands_before=5, commands_sha256="bb")
    same_head = SealMade(heads=first.heads, commands_from=5, commands_before=6, commands_sha256="bb")
    seals = [MakeSeal(seal=made) for made in (first, first, second, same_head)]
    Scenario(seal.AGGREGATE).when(*seals).then(first, second)
