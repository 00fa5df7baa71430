"""File operations do what they say inside the build directory, and nothing outside of it."""

import hashlib
import os
from pathlib import Path

import pytest

from buildledger.grpc_protos.worker.v1 import worker_pb2 as pb
from tests.fakes.scripted_server import ScriptedServer
from tests.worker.conftest import names

pytestmark = pytest.mark.usefixtures("worker")


@pytest.fixture
def build(work_dir: Path) -> Path:
    """A build directory with a file, a directory, and a link that leads out."""
    directory = work_dir / "b"
    (directory / "sub").mkdir(parents=True)
    (directory / "sub" / "file").write_bytes(b"content")
    (work_dir / "victim").write_bytes(b"precious")
    (directory / "out").symlink_to(work_dir)
    return directory


async def results(server: ScriptedServer, **operation: object) -> list[pb.FileResult]:
    """What the operation tells; its end must fit to that."""
    key = server.run(pb.RunSpec(builddir="b", **operation))  # type: ignore[arg-type]
    exited = await server.ended(key)
    found = [event.file_result for event in server.events[key] if event.HasField("file_result")]
    failed = found[-1].HasField("error")
    assert (exited.code, exited.reason) == (
        (1, pb.EXIT_REASON_FILE_FAILED) if failed else (0, pb.EXIT_REASON_COMPLETED)
    )
    return found


async def result(server: ScriptedServer, **operation: object) -> pb.FileResult:
    """The only thing the operation tells."""
    (only,) = await results(server, **operation)
    return only


async def test_make_directory(server: ScriptedServer, work_dir: Path) -> None:
    """Directories are made with those above them; one that exists is no error."""
    assert (await result(server, make_directory=pb.MakeDirectory(path=b"x/y"))).changed
    assert not (await result(server, make_directory=pb.MakeDirectory(path=b"x/y"))).changed
    assert (work_dir / "b" / "x" / "y").is_dir()


async def test_remove(server: ScriptedServer, build: Path) -> None:
    """Trees go, read-only ones too; a link goes and not what it leads to; what isn't there is no error."""
    (build / "sub").chmod(0o500)
    for path in (b"sub", b"out"):
        assert (await result(server, remove=pb.Remove(path=path))).changed
    assert not (await result(server, remove=pb.Remove(path=b"sub"))).changed
    assert names(build) == []
    assert (build.parent / "victim").exists()
    assert (await result(server, remove=pb.Remove(path=b"."))).changed
    assert "b" not in names(build.parent)


async def test_copy(server: ScriptedServer, build: Path) -> None:
    """A tree is copied with its links, and takes the place of what had the name."""
    (build / "sub" / "link").symlink_to("file")
    (build / "copy").mkdir()
    (build / "copy" / "old").touch()
    await result(server, copy=pb.Copy(source=b"sub", destination=b"copy"))
    assert names(build / "copy") == ["file", "link"]
    assert (build / "copy" / "link").readlink() == Path("file")
    within = await result(server, copy=pb.Copy(source=b"sub", destination=b"sub/deeper"))
    assert within.HasField("error")


async def test_stat(server: ScriptedServer, build: Path) -> None:
    """Type, size and digest are told; a link is told as such; what isn't there has no entry."""
    (entry,) = (await result(server, stat=pb.Stat(path=b"sub/file", sha256=True))).entries
    assert (entry.path, entry.type, entry.size) == (b"sub/file", pb.FILE_TYPE_REGULAR, 7)
    assert entry.sha256 == hashlib.sha256(b"content").digest()
    (link,) = (await result(server, stat=pb.Stat(path=b"out"))).entries
    assert (link.type, link.link_target) == (pb.FILE_TYPE_SYMLINK, os.fsencode(build.parent))
    assert not (await result(server, stat=pb.Stat(path=b"nothing"))).entries


async def test_glob(server: ScriptedServer, build: Path) -> None:
    """Patterns match in names and across directories, names that aren't UTF-8 included; links aren't entered."""
    (build / os.fsdecode(b"caf\xe9.txt")).touch()
    (build / "sub" / "a.txt").touch()
    found = await result(server, glob=pb.Glob(patterns=[b"**/*.txt", b"s?b"]))
    assert [entry.path for entry in found.entries] == [b"caf\xe9.txt", b"sub", b"sub/a.txt"]
    assert not (await result(server, glob=pb.Glob(patterns=[b"out/*"]))).entries


async def test_large_glob(server: ScriptedServer, build: Path) -> None:
    """A long list comes in parts; a limit is told to have been reached."""
    for number in range(1200):
        (build / "sub" / f"{number:0200}").touch()
    parts = await results(server, glob=pb.Glob(patterns=[b"sub/*"]))
    found = [entry.path for part in parts for entry in part.entries]
    assert len(parts) > 1
    assert len(found) == 1201
    assert found == sorted(found)
    limited = await result(server, glob=pb.Glob(patterns=[b"sub/*"], limit=10))
    assert limited.truncated
    assert len(limited.entries) == 10


async def test_write_and_read(server: ScriptedServer, build: Path) -> None:
    """A small file is written with its mode, and read whole or in part."""
    write = pb.WriteFile(path=b"new/f", content=b"0123456789", mode=0o755, make_parents=True)
    assert (await result(server, write_file=write)).changed
    assert (build / "new" / "f").stat().st_mode & 0o777 == 0o755
    assert names(build / "new") == ["f"]
    assert (await result(server, read_file=pb.ReadFile(path=b"new/f"))).content == b"0123456789"
    part = await result(server, read_file=pb.ReadFile(path=b"new/f", offset=2, limit=3))
    assert (part.content, part.truncated) == (b"234", True)


@pytest.mark.parametrize(
    ("operation", "code"),
    [
        ({"read_file": pb.ReadFile(path=b"nothing")}, pb.FILE_ERROR_CODE_NOT_FOUND),
        ({"read_file": pb.ReadFile(path=b"sub")}, pb.FILE_ERROR_CODE_IS_A_DIRECTORY),
        ({"make_directory": pb.MakeDirectory(path=b"sub/file/x")}, pb.FILE_ERROR_CODE_NOT_A_DIRECTORY),
        ({"make_directory": pb.MakeDirectory(path=b"sub/file")}, pb.FILE_ERROR_CODE_EXISTS),
        ({"write_file": pb.WriteFile(path=b"x", content=bytes(200_000))}, pb.FILE_ERROR_CODE_TOO_LARGE),
    ],
)
@pytest.mark.usefixtures("build")
async def test_errors(server: ScriptedServer, operation: dict[str, object], code: pb.FileErrorCode.ValueType) -> None:
    """What can't be done is told by a code, a path and a sentence."""
    error = (await result(server, **operation)).error
    assert error.code == code
    assert error.message


@pytest.mark.parametrize(
    "operation",
    [
        {"remove": pb.Remove(path=b"../victim")},
        {"remove": pb.Remove(path=b"out/victim")},
        {"read_file": pb.ReadFile(path=b"out/victim")},
        {"read_file": pb.ReadFile(path=b"/etc/passwd")},
        {"write_file": pb.WriteFile(path=b"out/victim", content=b"x")},
        {"make_directory": pb.MakeDirectory(path=b"out/x")},
        {"copy": pb.Copy(source=b"sub", destination=b"out/x")},
        {"copy": pb.Copy(source=b"out/victim", destination=b"x")},
        {"stat": pb.Stat(path=b"out/victim")},
        {"glob": pb.Glob(patterns=[b"../*"])},
    ],
)
async def test_traversal(server: ScriptedServer, build: Path, operation: dict[str, object]) -> None:
    """No operation reaches out of the build directory, by dots, absolute paths or links."""
    before = names(build.parent), names(build)
    error = (await result(server, **operation)).error
    assert error.code == pb.FILE_ERROR_CODE_PATH_ESCAPES
    assert (build.parent / "victim").read_bytes() == b"precious"
    assert (names(build.parent), names(build)) == before
