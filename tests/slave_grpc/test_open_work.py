"""The fold of open work: what is open, for whom, in which directory, and who is connected."""

from datetime import UTC, datetime
from uuid import UUID, uuid4

import msgspec

from buildledger.events.build import (
    BuildAssigned,
    BuildFinished,
    BuildStopRequested,
    OperationFinished,
    OperationRequested,
    OperationStarted,
)
from buildledger.events.fact import Fact, Metadata, Recorded
from buildledger.events.ids import BuildId, OperationId, ServerId, worker_id
from buildledger.events.operation import Ended, FindArtifact, Run
from buildledger.events.results import Result
from buildledger.events.worker import WorkerConnected, WorkerDisconnected, WorkerEnrolled, WorkerRevoked
from buildledger.slave_grpc.state.directories import directory_name
from buildledger.slave_grpc.state.open_work import Changes, OpenWork, OpenWorkState

BUILD, OTHER = BuildId(UUID(int=1)), BuildId(UUID(int=2))
OPERATION = OperationId(UUID(int=9))
SERVER = ServerId(UUID(int=5))


class Feed:
    """Hands facts to a fold, as the follower does."""

    def __init__(self) -> None:
        self.work = OpenWork()
        self._position = 0

    def __call__(self, stream: UUID, *facts: Fact) -> Changes:
        changes = Changes()
        for fact in facts:
            self._position += 1
            meta = Metadata(recorded_at=datetime(2026, 1, 1, tzinfo=UTC), actor="system", command_id=uuid4())
            recorded = Recorded(
                position=self._position, stream_id=stream, version=1, name=fact.NAME, fact=fact, meta=meta
            )
            self.work.apply(recorded, changes)
        return changes


def assigned(builder: str = "tests") -> BuildAssigned:
    return BuildAssigned(
        builder=builder,
        requests=(),
        attempt=1,
        worker="bob",
        fence=1,
        stamps=(),
        reason="",
        requested_by="",
        config_digest="",
    )


def requested(operation: OperationId = OPERATION) -> OperationRequested:
    return OperationRequested(
        operation_id=operation, step=0, label="x", worker="bob", fence=1, spec=Run(argv=("true",))
    )


def connected(epoch: int = 1) -> WorkerConnected:
    return WorkerConnected(
        worker="bob",
        epoch=epoch,
        server_id=SERVER,
        boot_id="",
        instance_id="i",
        version="",
        os="",
        arch="",
        capacity=1,
    )


def test_operation_from_request_to_end() -> None:
    """An operation is open for its worker from its request to its end."""
    feed = Feed()
    changes = feed(BUILD, assigned(), requested())
    assert list(changes.changed["bob"]) == [OPERATION]
    feed(BUILD, OperationStarted(operation_id=OPERATION))
    assert feed.work.of_worker("bob")[OPERATION].started
    changes = feed(BUILD, OperationFinished(operation_id=OPERATION, ended=Ended(reason="exited", exit_code=0)))
    assert changes.ended == {"bob": {OPERATION}}
    assert changes.ended_by_server == []
    assert feed.work.of_worker("bob") == {}


def test_operations_of_the_server_are_none_of_a_worker() -> None:
    """What the server does itself is never told to a worker, and isn't among what it has yet to finish."""
    feed = Feed()
    finding = OperationRequested(
        operation_id=OPERATION, step=0, label="x", worker="bob", fence=1, spec=FindArtifact(artifact="x", of="build")
    )
    changes = feed(BUILD, assigned(), finding)
    assert (changes.changed, feed.work.of_worker("bob")) == ({}, {})
    changes = feed(BUILD, OperationFinished(operation_id=OPERATION, ended=Ended(reason="lost")))
    assert (changes.ended, changes.ended_by_server) == ({}, [])


def test_requested_and_ended_in_one_batch() -> None:
    """What begins and ends in one batch of facts is never told to the worker as wanted."""
    changes = Feed()(
        BUILD, assigned(), requested(), OperationFinished(operation_id=OPERATION, ended=Ended(reason="lost"))
    )
    assert changes.changed["bob"] == {}
    assert [operation.operation_id for operation in changes.ended_by_server] == [OPERATION]


def test_stop_concerns_what_is_open() -> None:
    """A stop request marks the open operations, and not those that the build asks for afterwards to clean up."""
    feed = Feed()
    feed(BUILD, assigned(), requested())
    changes = feed(BUILD, BuildStopRequested(reason="enough"))
    assert changes.changed["bob"][OPERATION].stop_reason == "enough"
    later = OperationId(UUID(int=10))
    assert feed(BUILD, requested(later)).changed["bob"][later].stop_reason is None


def test_end_of_a_build_ends_its_operations_and_frees_its_directory() -> None:
    """Two builds of a builder on one worker work apart, and the next one gets the first directory again."""
    feed = Feed()
    feed(BUILD, assigned(), requested())
    feed(OTHER, assigned(), requested(OperationId(UUID(int=10))))
    operations = feed.work.of_worker("bob").values()
    assert {operation.directory for operation in operations} == {"tests", "tests~2"}
    changes = feed(BUILD, BuildFinished(result=Result.CANCELLED))
    assert changes.ended == {"bob": {OPERATION}}
    third = BuildId(UUID(int=3))
    feed(third, assigned(), requested(OperationId(UUID(int=11))))
    assert feed.work.of_worker("bob")[OperationId(UUID(int=11))].directory == "tests"


def knows(feed: Feed, digest: str) -> bool:
    return feed.work.credentials.by_digest(digest) is not None


def test_connections_and_credentials() -> None:
    """The current session is known until its own end, and a credential until it is replaced or revoked."""
    feed = Feed()
    stream = worker_id("bob")
    feed(stream, WorkerEnrolled(worker="bob", credential_digest="d1"), connected(1), connected(2))
    feed(stream, WorkerDisconnected(epoch=1, reason="superseded"))
    connection = feed.work.connection("bob")
    assert connection is not None
    assert (connection.epoch, knows(feed, "d1")) == (2, True)
    feed(stream, WorkerEnrolled(worker="bob", credential_digest="d2"))
    assert (knows(feed, "d1"), knows(feed, "d2")) == (False, True)
    assert feed(stream, WorkerRevoked()).revoked == {"bob"}
    assert not knows(feed, "d2")
    feed(stream, WorkerDisconnected(epoch=2, reason="goodbye"))
    assert feed.work.connection("bob") is None


def test_checkpoint_holds_everything() -> None:
    """A fold that is taken up from its checkpoint goes on as the one that was saved."""
    feed = Feed()
    feed(BUILD, assigned(), requested())
    feed(worker_id("bob"), WorkerEnrolled(worker="bob", credential_digest="d"), connected())
    kept = msgspec.json.decode(msgspec.json.encode(feed.work.state), type=OpenWorkState)
    feed.work = OpenWork(kept)
    assert knows(feed, "d")
    assert list(feed.work.of_worker("bob")) == [OPERATION]
    feed(OTHER, assigned(), requested(OperationId(UUID(int=10))))
    assert feed.work.of_worker("bob")[OperationId(UUID(int=10))].directory == "tests~2"


def test_directories_are_plain_names() -> None:
    """Whatever a builder is called, its directory is one plain name, and no two builders share it."""
    names = {
        directory_name(builder, ()) for builder in ("tests", "tests[3.12,linux]", "tests[3.12;linux]", "..", "a/b")
    }
    assert len(names) == 5
    assert all("/" not in name and name not in (".", "..") for name in names)
    assert directory_name("tests", ()) == "tests"
