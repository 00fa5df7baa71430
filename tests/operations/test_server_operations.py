"""Server operations over a real ledger: whatever happens around them, each ends once and with a reason."""

import asyncio
import threading
from collections import Counter
from typing import Any

import pytest

from buildledger.domain.build import FinishOperation, StopBuild
from buildledger.events.build import OperationFinished, TestResult, TestsReported
from buildledger.events.operation import Ended, FindArtifact, Run
from buildledger.ledger.errors import LedgerUnavailable
from buildledger.ledger.store import Checkpoint
from buildledger.operations.open_operations import ServerOperation
from buildledger.operations.performer import Outcome
from buildledger.operations.server_operations import ServerOperations
from tests.operations.installation import BlockedPerformer, Installation

FIND = FindArtifact(artifact="x", of="build")
DONE = Outcome(ended=Ended(reason="exited", exit_code=0, text="done"))


class Failing:
    """Raises some errors, one after the other, and then does it."""

    def __init__(self, *errors: Exception) -> None:
        self._errors = list(errors)
        self.count = 0
        self.insists = threading.Event()
        """It has failed three times."""

    def perform(self, operation: ServerOperation) -> Outcome:
        self.count += 1
        if self.count == 3:
            self.insists.set()
        if self._errors:
            raise self._errors.pop(0)
        return DONE


class Giving:
    """Gives always the same outcome."""

    def __init__(self, outcome: Outcome) -> None:
        self._outcome = outcome

    def perform(self, operation: ServerOperation) -> Outcome:
        return self._outcome


async def test_ends_without_any_worker(installation: Installation) -> None:
    """The build's worker has never been seen, and the operation ends."""
    await installation.start({FindArtifact: Giving(DONE)})
    assert await installation.ended(await installation.request(FIND)) == DONE.ended


async def test_what_was_requested_before_the_start(installation: Installation) -> None:
    """An operation that is open when the server starts is done."""
    operation = await installation.request(FIND)
    await installation.start({FindArtifact: Giving(DONE)})
    assert await installation.ended(operation) == DONE.ended


async def test_operations_of_workers_are_left_alone(installation: Installation) -> None:
    """What a worker is to do isn't done here."""
    await installation.start()
    await installation.request(Run(argv=("true",)))
    await installation.ended(await installation.request(FIND))
    assert len(installation.facts(OperationFinished)) == 1


async def test_a_fault_is_an_outcome_with_a_reason(
    installation: Installation, caplog: pytest.LogCaptureFixture
) -> None:
    """An unexpected error ends its operation with its kind, and with its text in the log only."""
    await installation.start({FindArtifact: Failing(ZeroDivisionError("a secret"))})
    ended = await installation.ended(await installation.request(FIND))
    assert ended == Ended(reason="io_error", detail="a fault of Build Ledger (ZeroDivisionError): see the server's log")
    assert "a secret" in caplog.text


async def test_an_operation_that_nothing_performs(installation: Installation) -> None:
    """A kind without a performer ends its operation, instead of staying open."""
    operations = ServerOperations(installation.ledger, {}, retry_seconds=0.01)
    await operations.start()
    ended = await installation.ended(await installation.request(FIND))
    assert (ended.reason, "KeyError" in ended.detail) == ("io_error", True)
    await operations.stop()


async def test_an_error_of_the_disk_is_named(installation: Installation) -> None:
    """A disk that fails ends the operation with what it said."""
    await installation.start({FindArtifact: Failing(OSError(5, "Input/output error"))})
    ended = await installation.ended(await installation.request(FIND))
    assert (ended.reason, "Input/output error" in ended.detail) == ("io_error", True)


async def test_what_has_to_wait_is_tried_again(installation: Installation) -> None:
    """Read models that are behind are waited for; that isn't an end."""
    performer = Failing(TimeoutError("behind"), TimeoutError("behind"))
    await installation.start({FindArtifact: performer})
    assert await installation.ended(await installation.request(FIND)) == DONE.ended
    assert performer.count == 3


async def test_a_missing_file_counts_as_gone_where_nobody_else_stores_any(installation: Installation) -> None:
    """The only server that stores files says at once that one is gone."""
    performer = Failing(FileNotFoundError("x"))
    await installation.start({FindArtifact: performer})
    ended = await installation.ended(await installation.request(FIND))
    assert (ended.reason, ended.detail, performer.count) == ("no_file", "what was uploaded is kept no longer", 1)


async def test_a_missing_file_may_be_another_servers(installation: Installation) -> None:
    """Beside other servers a missing file isn't the end yet: whoever has it does the operation."""
    lacking = Failing(*[FileNotFoundError("x")] * 10_000)
    await installation.start({FindArtifact: lacking}, elsewhere_seconds=60)
    operation = await installation.request(FIND)
    await asyncio.to_thread(lacking.insists.wait)
    await installation.start({FindArtifact: Giving(DONE)})
    assert await installation.ended(operation) == DONE.ended


async def test_stop_of_the_build(installation: Installation) -> None:
    """A stop ends what is being done at once, with its reason; what comes of it later changes nothing."""
    performer = BlockedPerformer()
    await installation.start({FindArtifact: performer})
    build = await installation.build()
    operation = await installation.request(FIND, build)
    await asyncio.to_thread(performer.begun.wait)
    await installation.execute(StopBuild(build_id=build, reason="enough"))
    assert await installation.ended(operation) == Ended(reason="cancel", detail="enough")
    performer.released.set()
    cleaning = await installation.request(FIND, build, 1)
    assert (await installation.ended(cleaning)).text == "late"
    assert Counter(fact.operation_id for fact in installation.facts(OperationFinished)) == {operation: 1, cleaning: 1}


async def test_a_kind_does_not_wait_for_another(installation: Installation) -> None:
    """However many reports are being read, an artifact is found."""
    performer = BlockedPerformer()
    reports = installation.reports(a="<testsuite/>")
    await installation.start({type(reports): performer, FindArtifact: Giving(DONE)})
    for _ in range(5):
        await installation.request(reports)
    assert await installation.ended(await installation.request(FIND)) == DONE.ended
    assert performer.count == 2
    performer.released.set()


async def test_restart_in_the_middle(installation: Installation) -> None:
    """What wasn't recorded when the server stopped is done by the next one, and ends once."""
    first = BlockedPerformer()
    operations = await installation.start({FindArtifact: first})
    operation = await installation.request(FIND)
    await asyncio.to_thread(first.begun.wait)
    await operations.stop()
    first.released.set()
    await installation.start({FindArtifact: Giving(DONE)})
    assert await installation.ended(operation) == DONE.ended
    assert len(installation.facts(OperationFinished)) == 1


async def test_two_servers(installation: Installation) -> None:
    """Two servers on one ledger both read the reports; the results and the end are recorded once."""
    await installation.start()
    await installation.start()
    junit = '<testsuite><testcase name="a"/></testsuite>'
    operations = [await installation.request(installation.reports(a=junit, b=junit)) for _ in range(10)]
    for operation in operations:
        assert (await installation.ended(operation)).ok
    ends = Counter(fact.operation_id for fact in installation.facts(OperationFinished))
    assert ends == dict.fromkeys(operations, 1)
    reported = Counter((fact.operation_id, fact.part) for fact in installation.facts(TestsReported))
    assert set(reported.values()) == {1}
    assert len(reported) == 20


async def test_ledger_away(installation: Installation, monkeypatch: pytest.MonkeyPatch) -> None:
    """An outcome is recorded when the ledger can be written again, and the operation isn't done twice."""
    performer = Failing()
    await installation.start({FindArtifact: performer})
    operation = await installation.request(FIND)
    await installation.ended(operation)
    execute, failures = installation.ledger.execute, [LedgerUnavailable("full")] * 3

    async def failing(*commands: Any, **options: Any) -> Any:
        if failures and isinstance(commands[-1], FinishOperation):
            raise failures.pop()
        return await execute(*commands, **options)

    monkeypatch.setattr(installation.ledger, "execute", failing)
    assert await installation.ended(await installation.request(FIND)) == DONE.ended
    assert (failures, performer.count) == ([], 2)


async def test_an_outcome_that_the_ledger_does_not_take(installation: Installation) -> None:
    """What can't be recorded as it is ends the operation all the same, as a fault."""
    operation_id = await installation.request(FIND)
    bad = TestsReported(
        operation_id=operation_id,
        step=0,
        report="a",
        part=0,
        format="junit",
        results=(TestResult(name="\ud800", status="passed"),),
        omitted=0,
    )
    await installation.start({FindArtifact: Giving(Outcome(ended=DONE.ended, reports=(bad,)))})
    ended = await installation.ended(operation_id)
    assert ended.detail == "a fault of Build Ledger (its outcome can't be recorded): see the server's log"
    assert installation.facts(TestsReported) == []


async def test_start_from_a_checkpoint(installation: Installation) -> None:
    """What a checkpoint holds as open is done, though the facts before it aren't read again."""
    blocked = BlockedPerformer()
    operations = await installation.start({FindArtifact: blocked})
    operation = await installation.request(FIND)
    await asyncio.to_thread(blocked.begun.wait)
    await operations.stop()
    blocked.released.set()
    checkpoint = installation.ledger.checkpoint(ServerOperations.NAME)
    assert checkpoint is not None
    assert str(operation).encode() in checkpoint.state
    await installation.start({FindArtifact: Giving(DONE)})
    assert await installation.ended(operation) == DONE.ended


async def test_checkpoint_of_another_version(installation: Installation) -> None:
    """A checkpoint of another version isn't used: everything is folded again."""
    operation = await installation.request(FIND)
    head = installation.ledger.head()
    installation.ledger.save_checkpoint(ServerOperations.NAME, Checkpoint(ServerOperations.VERSION + 1, head, b"{}"))
    await installation.start({FindArtifact: Giving(DONE)})
    assert await installation.ended(operation) == DONE.ended
