"""What the server does itself for steps that generate, in a world without its edges."""

from __future__ import annotations

from buildledger.config.configurations import Configurations
from buildledger.events.build import OperationRequested
from buildledger.events.operation import Ended, ReadGenerated
from buildledger.ledger.pipeline_texts import pipeline_texts
from buildledger.operations.open_operations import OpenOperations
from buildledger.operations.read_generated import GeneratedReading
from buildledger.operations.server_operations import commands_of
from tests.reactors.world import World


async def write(w: World, text: str) -> None:
    """Let the programs that run write this text, and the server read it."""
    await w.finish(Ended(reason="exited", exit_code=0, text=text))
    await read(w)


async def read(w: World) -> None:
    """Let the server check what was generated, where it was asked to."""
    reading = GeneratedReading(w.ledger, Configurations(w.ledger.at, pipeline_text=pipeline_texts(w.ledger)))
    found = OpenOperations()
    for recorded in w.recorded():
        found.apply(recorded)
    for operation in list(found.by_id.values()):
        if isinstance(operation.spec, ReadGenerated):
            await w.do(*commands_of(operation, reading.perform(operation)))


def reads(w: World) -> int:
    """How often the server was asked to check something."""
    return sum(isinstance(fact.spec, ReadGenerated) for fact in w.facts(OperationRequested))
