"""Plays all chosen cases, a few at a time, and collects how they went."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path

from buildledger.conformance.casefile import NamedCase, Profile
from buildledger.conformance.play import Result, play
from buildledger.conformance.stage import CaseFailedError, Stage
from buildledger.conformance.worker import WorkerCommand
from buildledger.grpc_protos.worker.v1 import worker_pb2 as pb

_PROBE_SECONDS = 30.0


@dataclass(frozen=True, kw_only=True)
class Options:
    """How the cases are played."""

    at_once: int = 4
    patience: float = 1.0
    """Factor on every time that a worker is given."""


class WorkerUnusableError(Exception):
    """The command line doesn't lead to a worker that says Hello."""

    def __init__(self, command: WorkerCommand, reason: str, log: Sequence[str]) -> None:
        self.log = log
        super().__init__(f"{command} doesn't say Hello: {reason}")


def choose(cases: Sequence[NamedCase], only: Sequence[str], profile: Profile) -> list[NamedCase]:
    """The cases of a profile that match one of the patterns: `output`, `output/17*`, `17`."""
    return [each for each in cases if (profile == "full" or each.case.profile == "fast") and _is_meant(each, only)]


def _is_meant(each: NamedCase, only: Sequence[str]) -> bool:
    return not only or any(
        pattern in (each.group, str(each.case.check)) or fnmatch(each.name, pattern) or fnmatch(each.case.id, pattern)
        for pattern in only
    )


async def probe(command: WorkerCommand, patience: float) -> pb.Hello:
    """Start the worker once, to learn what it offers.

    Raises:
        WorkerUnusableError: it says no Hello.
    """
    with tempfile.TemporaryDirectory(prefix="conformance-") as parent:
        stage = Stage("probe", command, Path(parent) / "probe", patience)
        async with stage.built():
            try:
                await stage.worker.start()
                await stage.until(lambda: bool(stage.server.sessions), _PROBE_SECONDS, "Hello")
            except (CaseFailedError, OSError) as error:
                raise WorkerUnusableError(command, str(error), stage.worker.last_words()) from error
            return stage.session().hello


async def run(
    cases: Sequence[NamedCase],
    command: WorkerCommand,
    options: Options,
    told: Callable[[Result], None] = lambda _: None,
) -> list[Result]:
    """Play the cases and return their results in the same order; `told` hears of each as soon as it is there.

    Raises:
        WorkerUnusableError: the worker says no Hello, so that nothing can be learnt.
    """
    hello = await probe(command, options.patience)
    seats = asyncio.Semaphore(options.at_once)
    with tempfile.TemporaryDirectory(prefix="conformance-") as parent:

        async def one(number: int, named: NamedCase) -> Result:
            hindrance = named.case.hindrance(hello, command)
            if hindrance is not None:
                result = Result(case=named, outcome="not offered", reason=hindrance)
            else:
                async with seats:
                    result = await _play_safely(named, command, Path(parent) / str(number), options.patience)
            told(result)
            return result

        return list(await asyncio.gather(*(one(number, named) for number, named in enumerate(cases))))


async def _play_safely(named: NamedCase, command: WorkerCommand, directory: Path, patience: float) -> Result:
    """A fault of the kit or of a case fails that case and no other."""
    try:
        return await play(named, command, directory, patience)
    except Exception as error:
        return Result(case=named, outcome="failed", reason=f"the kit failed: {type(error).__name__}: {error}")
