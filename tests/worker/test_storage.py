"""A worker whose disk is full says so, and loses nothing that it has sent."""

import errno
import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from buildledger.grpc_protos.worker.v1 import worker_pb2 as pb
from buildledger.worker.journal.journal import SEGMENT_BYTES, Journal
from buildledger.worker.journal.records import Kind, Record, RunHeader, checksum, read_records
from tests.fakes.scripted_server import ScriptedServer
from tests.worker.conftest import argv, names, script

HEADER = RunHeader(
    run_id="6b1c1c8e-0000-4000-8000-000000000001",
    attempt=1,
    fence=1,
    cookie="c" * 32,
    builddir="b",
    boot_id="boot",
    channels=("stdio", "test.log"),
)


@pytest.fixture
def disk(monkeypatch: pytest.MonkeyPatch) -> Callable[[int], None]:
    """A disk on which journals have room for the given number of bytes from here on."""
    real = os.writev
    room = 1 << 40

    def writev(descriptor: int, buffers: list[bytes]) -> int:
        nonlocal room
        size = sum(map(len, buffers))
        if size > room:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        room -= size
        return real(descriptor, buffers)

    def limit(bytes_left: int) -> None:
        nonlocal room
        room = bytes_left

    monkeypatch.setattr(os, "writev", writev)
    return limit


@pytest.mark.usefixtures("worker")
async def test_full_in_mid_run(server: ScriptedServer, disk: Callable[[int], None]) -> None:
    """The run is ended for that reason; what was sent before stands and fits the totals."""
    server.on_event = lambda event: disk(100_000) if event.HasField("started") else None
    key = server.run(script("sleep 0.2; yes"))
    exited = await server.ended(key)
    assert exited.reason == pb.EXIT_REASON_STORAGE
    assert "No space left" in exited.message
    assert 0 < len(server.output(key)) <= 100_000
    server.check_totals(key)


@pytest.mark.usefixtures("worker")
async def test_full_before_start(server: ScriptedServer, disk: Callable[[int], None], work_dir: Path) -> None:
    """Nothing is started that couldn't be journalled; with room again the worker goes on."""
    disk(0)
    rejected = await server.rejected(server.run(script("touch started")))
    assert rejected.code == pb.REJECT_CODE_STORAGE
    disk(1 << 40)
    await server.ended(server.run(argv("true")))
    assert names(work_dir / "b") == []


@pytest.mark.usefixtures("worker")
async def test_failing_disk(server: ScriptedServer, monkeypatch: pytest.MonkeyPatch, work_dir: Path) -> None:
    """Nothing is started whose journal didn't get to the disk."""

    def fsync(_descriptor: int) -> None:
        raise OSError(errno.EIO, os.strerror(errno.EIO))

    monkeypatch.setattr(os, "fsync", fsync)
    rejected = await server.rejected(server.run(script("touch started")))
    assert rejected.code == pb.REJECT_CODE_STORAGE
    assert names(work_dir / "b") == []


def output(number: int, data: bytes, offset: int, channel: int = 0) -> Record:
    return Record(
        kind=Kind.OUTPUT, channel=channel, event_no=number, offset=offset, body=data, body_crc32c=checksum(data)
    )


def records_of(path: Path) -> Iterator[Record]:
    with path.open("rb") as file:
        yield from (record for _, record in read_records(file))


def test_failed_append_leaves_no_trace(tmp_path: Path, disk: Callable[[int], None]) -> None:
    """An append that fails can be repeated: the journal is as it was."""
    journal = Journal(tmp_path, HEADER)
    journal.begin(output(1, b"a", 0))
    disk(0)
    with pytest.raises(OSError, match="No space"):
        journal.append(output(2, b"b", 1))
    disk(1000)
    journal.append(output(2, b"B", 1))
    (path,) = tmp_path.iterdir()
    assert [record.body for record in records_of(path)][1:] == [b"a", b"B"]
    journal.close()


def test_segments_are_freed(tmp_path: Path) -> None:
    """What is acknowledged is removed from the disk, except the first segment; what isn't can still be read."""
    journal = Journal(tmp_path, HEADER)
    journal.begin()
    chunk = os.urandom(SEGMENT_BYTES // 4)
    for number in range(1, 21):
        journal.append(output(number, chunk, (number - 1) * len(chunk)))
    before = len(list(tmp_path.iterdir()))
    journal.release_through(18)
    assert before == 5
    assert len(list(tmp_path.iterdir())) == 2
    entry = journal.entry(19)
    assert entry is not None
    assert journal.body(entry) == chunk
    assert journal.spooled_bytes == 2 * len(chunk)
    journal.close()


def test_reading_back_after_segments_were_freed(tmp_path: Path) -> None:
    """A journal read by a later process goes on with numbers and offsets, also of channels whose records are gone."""
    journal = Journal(tmp_path, HEADER)
    journal.begin(output(1, b"log", 0, channel=1))
    chunk = bytes(SEGMENT_BYTES // 8)
    for number in range(2, 42):
        journal.append(output(number, chunk, (number - 2) * len(chunk)))
    journal.release_through(35)
    journal.close()
    later = Journal(tmp_path, HEADER)
    for path in sorted(tmp_path.iterdir(), key=lambda path: int(path.name.split(".")[2])):
        with path.open("rb") as file:
            later.load_segment(int(path.name.split(".")[2]), path, read_records(file))
    assert later.next_event == 42
    assert later.offsets == [40 * len(chunk), 3]
    assert 30 < later.first_unacked <= 36
    later.remove()
    assert list(tmp_path.iterdir()) == []


def test_torn_record(tmp_path: Path) -> None:
    """A record that a crash cut short is left out, and the next one is written in its place."""
    journal = Journal(tmp_path, HEADER)
    journal.begin(output(1, b"whole", 0))
    journal.append(output(2, b"torn", 5))
    journal.close()
    (path,) = tmp_path.iterdir()
    with path.open("r+b") as file:
        file.truncate(path.stat().st_size - 2)
    later = Journal(tmp_path, HEADER)
    with path.open("rb") as file:
        later.load_segment(0, path, read_records(file))
    later.append(output(2, b"again", 5))
    assert [record.body for record in records_of(path)][1:] == [b"whole", b"again"]
    later.close()
