"""Directories that become links while a worker works in them lead it nowhere else."""

import os
import shutil
from collections.abc import Sequence
from pathlib import Path

import pytest

from buildledger.grpc_protos.worker.v1 import worker_pb2_grpc
from buildledger.worker.processes.process import Launch, start
from tests.fakes.blobs import Blobs
from tests.fakes.scripted_server import ScriptedServer
from tests.fakes.swapping import Race
from tests.worker.conftest import THIS_WORKER, worker_process

ROOT = Path(__file__).parents[2]
RACE_SECONDS = 1.5


@pytest.fixture
def blobs() -> Blobs:
    return Blobs()


@pytest.fixture
def programs(supervisor: Path) -> dict[str, tuple[Sequence[str], Sequence[str]]]:
    """Each worker, and what it is told of supervisors."""
    supervised = ("--supervisor", str(supervisor))
    alone = ("--supervisor", "none")
    node = (shutil.which("node") or "node", str(ROOT / "workers" / "node" / "dist" / "cli.js"))
    go = (str(supervisor.with_name(supervisor.name.replace("bl-run", "bl-worker"))),)
    return {
        "python": (THIS_WORKER, alone),
        "python-supervised": (THIS_WORKER, supervised),
        "node": (node, alone),
        "node-supervised": (node, supervised),
        "go": (go, ()),
    }


@pytest.mark.parametrize("name", ["python", "python-supervised", "node", "node-supervised", "go"])
async def test_nothing_outside_is_touched(
    server: ScriptedServer,
    blobs: Blobs,
    tmp_path: Path,
    programs: dict[str, tuple[Sequence[str], Sequence[str]]],
    name: str,
) -> None:
    """Removed, copied, written, read, listed, uploaded, started: in the directory itself, or refused."""
    server.welcome.features.append("blobs")
    await server.stop()
    await server.start(add=lambda each: worker_pb2_grpc.add_BlobsServicer_to_server(blobs, each))
    program, supervision = programs[name]
    race = Race(tmp_path / "work", tmp_path / "outside")
    async with worker_process(server, tmp_path, program=program, supervision=supervision):
        await server.connected()
        await race.run(server, blobs, RACE_SECONDS)
    assert race.wrong == []
    assert race.ended["done"] > 0
    assert race.ended["refused"] > 0


async def test_a_command_begins_in_the_directory_that_was_opened(tmp_path: Path) -> None:
    """Whatever has its name by the time that the command is started."""
    (tmp_path / "outside").mkdir()
    path = tmp_path / "build"
    path.mkdir()
    opened = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    path.rename(tmp_path / "moved")
    path.symlink_to("outside")
    process = start(Launch(argv=["touch", "here"], env=dict(os.environ)), opened, bytes(path))
    assert (await process.ended).code == 0
    for descriptor in (opened, *process.outputs):
        os.close(descriptor)
    assert list((tmp_path / "moved").iterdir()) == [tmp_path / "moved" / "here"]
    assert not any((tmp_path / "outside").iterdir())
