"""A race for a worker's build directories: they become links that lead out, and directories again, all the time."""

from __future__ import annotations

import asyncio
import hashlib
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from buildledger.grpc_protos.worker.v1 import worker_pb2 as pb
from tests.fakes.blobs import Blobs
from tests.fakes.scripted_server import ScriptedServer

PRECIOUS = b"precious\n"
PLAIN = b"plain\n"
PATIENCE_SECONDS = 60.0
SWAPPER = """
import ctypes, os, sys
rename = ctypes.CDLL(None, use_errno=True).renameat2
pairs = [(os.fsencode(path), os.fsencode(path) + b".swap") for path in sys.argv[1:]]
while os.getppid() == parent:
    for one, other in pairs:
        if rename(-100, one, -100, other, 2):  # RENAME_EXCHANGE: the name is never without either
            raise OSError(ctypes.get_errno(), one)
"""


class Race:
    """`b/d` and the build directory `c`, which are swapped; all that is done is done through them."""

    def __init__(self, work_dir: Path, outside: Path) -> None:
        self.outside = outside
        self.ended: Counter[str] = Counter()
        """How many runs were `done` and `refused`."""
        self.wrong: list[str] = []
        """What was reached that lies outside."""
        self._places = (work_dir / "b" / "d", work_dir / "c")
        _fill(outside, PRECIOUS)
        (outside / "only-outside").write_bytes(PRECIOUS)
        for place in self._places:
            _fill(place, PLAIN)
            place.with_name(f"{place.name}.swap").symlink_to(outside)
        _fill(work_dir / "b" / "mine", PLAIN)
        self._before = _found(outside)

    async def run(self, server: ScriptedServer, blobs: Blobs, seconds: float) -> None:
        """Have a connected worker do all it can, again and again, for so long."""
        loop = asyncio.get_running_loop()
        until = loop.time() + seconds
        with _swapping(self._places):
            while loop.time() < until:
                await asyncio.gather(*(self._do(server, spec) for spec in _specs()))
        self.wrong += [f"{name} was changed outside" for name in sorted(_differing(self._before, _found(self.outside)))]
        if hashlib.sha256(PRECIOUS).digest() in blobs.stored:
            self.wrong.append("a file from outside was uploaded")

    async def _do(self, server: ScriptedServer, spec: pb.RunSpec) -> None:
        key = server.run(spec)
        await server.until(lambda: server.last(key) in ("exited", "rejected"), PATIENCE_SECONDS)
        last = server.events[key][-1]
        done = last.HasField("exited") and last.exited.reason == pb.EXIT_REASON_COMPLETED
        self.ended["done" if done else "refused"] += 1
        for result in (event.file_result for event in server.events[key]):
            if result.content == PRECIOUS or b"only-outside" in [
                entry.path.rpartition(b"/")[2] for entry in result.entries
            ]:
                self.wrong.append(f"{spec.WhichOneof('operation')} has read what lies outside")
        if PRECIOUS in b"".join(event.output.data for event in server.events[key]):
            self.wrong.append("a command was started outside")


def _specs() -> Iterator[pb.RunSpec]:
    for builddir, below in (("b", b"d/"), ("c", b"")):
        name = os.fsdecode(below)
        for operation in (
            {"write_file": pb.WriteFile(path=below + b"tree/new/file", content=PLAIN, make_parents=True)},
            {"make_directory": pb.MakeDirectory(path=below + b"made/deeper")},
            {"copy": pb.Copy(source=below + b"kept", destination=below + b"tree")},
            {"remove": pb.Remove(path=below + b"tree")},
            {"remove": pb.Remove(path=below + b"made")},
            {"read_file": pb.ReadFile(path=below + b"kept/file")},
            {"stat": pb.Stat(path=below + b"only-outside")},
            {"glob": pb.Glob(patterns=[below + b"*"])},
            {
                "command": pb.Command(
                    argv=pb.Argv(args=["sh", "-c", "cat kept/file; touch started"]), cwd=name.rstrip("/")
                )
            },
            {"files_out": [pb.FileOut(pattern=below + b"kept/*")]},
        ):
            yield pb.RunSpec(builddir=builddir, **operation)


@contextmanager
def _swapping(places: tuple[Path, ...]) -> Iterator[None]:
    program = f"import os; parent = {os.getpid()}\n{SWAPPER}"
    process = subprocess.Popen([sys.executable, "-c", program, *map(str, places)])
    try:
        yield
        assert process.poll() is None, "nothing is swapped any more"
    finally:
        process.kill()
        process.wait()


def _fill(directory: Path, content: bytes) -> None:
    for name in ("kept/file", "kept/deep/file", "tree/file", "tree/deep/file"):
        (directory / name).parent.mkdir(parents=True, exist_ok=True)
        (directory / name).write_bytes(content)


def _found(directory: Path) -> dict[str, bytes | None]:
    return {
        str(path.relative_to(directory)): path.read_bytes() if path.is_file() else None for path in directory.rglob("*")
    }


def _differing(one: dict[str, bytes | None], other: dict[str, bytes | None]) -> set[str]:
    return {name for name in one.keys() | other.keys() if one.get(name, b"?") != other.get(name, b"?")}
