"""Swaps directories of builds for links that lead out, all the time, while each worker does all it can in them."""

from __future__ import annotations

import asyncio
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path

from buildledger.grpc_protos.worker.v1 import worker_pb2_grpc
from tests.fakes.blobs import Blobs
from tests.fakes.scripted_server import ScriptedServer
from tests.fakes.swapping import Race
from tests.faults.loop import LoopOptions, LoopOutcome

KINDS = ("touched outside", "not refused", "not done")
ROOT = Path(__file__).parents[3]
LAP_SECONDS = 10.0


def in_every_worker(options: LoopOptions) -> LoopOutcome:
    """So many runs, in laps of ten seconds, of each worker in turn."""
    outcome = LoopOutcome()
    programs = _programs()
    lap = 0
    while outcome.done < options.count or lap < len(programs):
        name = list(programs)[lap % len(programs)]
        place = options.directory / f"{lap}-{name}"
        lap += 1
        place.mkdir()
        race = asyncio.run(_race(place, programs[name]))
        outcome.done += sum(race.ended.values())
        for kind, details in (("touched outside", race.wrong), ("not refused", [] if race.ended["refused"] else [""])):
            for detail in details:
                outcome.add(kind, f"{name}: {detail}")
        if not race.ended["done"]:
            outcome.add("not done", name)
        options.say(f"{outcome.done} of {options.count}, {name}: {dict(race.ended)}")
        shutil.rmtree(place)
    outcome.note = "workers in Python and TypeScript, alone and with supervisors, and in Go"
    return outcome


async def _race(place: Path, program: Sequence[str]) -> Race:
    server, blobs = ScriptedServer(), Blobs()
    server.welcome.features.append("blobs")
    await server.start(add=lambda each: worker_pb2_grpc.add_BlobsServicer_to_server(blobs, each))
    race = Race(place / "work", place / "outside")
    options = (
        "--server",
        server.address,
        "--name",
        "w",
        "--state",
        str(place / "state"),
        "--work",
        str(place / "work"),
    )
    worker = await asyncio.create_subprocess_exec(*program, *options, stderr=asyncio.subprocess.DEVNULL)
    try:
        await server.connected()
        await race.run(server, blobs, LAP_SECONDS)
    finally:
        worker.kill()
        await worker.wait()
        await server.stop()
    return race


def _programs() -> dict[str, Sequence[str]]:
    """Each worker, alone and with supervisors; those in other languages as `make workers` has built them."""
    built = ROOT / "out" / "workers"
    supervisor = ("--supervisor", str(built / "bl-run-linux-amd64"))
    python = (sys.executable, "-m", "buildledger.worker")
    node = (shutil.which("node") or "node", str(ROOT / "workers" / "node" / "dist" / "cli.js"))
    return {
        "Python": (*python, "--supervisor", "none"),
        "Python with supervisors": (*python, *supervisor),
        "Node.js": (*node, "--supervisor", "none"),
        "Node.js with supervisors": (*node, *supervisor),
        "Go": (str(built / "bl-worker-linux-amd64"),),
    }
