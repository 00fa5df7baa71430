"""Runs all chosen cases, a few at a time, and collects how they went."""

from __future__ import annotations

import asyncio
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path

from buildledger.conformance.case_context import CaseContext, CaseFailedError
from buildledger.conformance.casefile import NamedCase, Profile
from buildledger.conformance.run_case import Result, run_case
from buildledger.conformance.worker import WorkerCommand
from buildledger.grpc_protos.worker.v1 import worker_pb2 as pb

_PROBE_SECONDS = 30.0


@dataclass(frozen=True, kw_only=True)
class Options:
    """How the cases are run."""

    at_once: int = 4
    patience: float = 1.0
    """Factor on every time that a worker is given."""


class NoSuchCaseError(Exception):
    """A pattern names no case; the text says which, and what to do."""


class KitFailedError(Exception):
    """The kit can't be played on this machine, whatever the worker is like."""


class WorkerUnusableError(Exception):
    """The command line doesn't lead to a worker that says Hello."""

    def __init__(self, command: WorkerCommand, reason: str, log: Sequence[str]) -> None:
        self.log = log
        super().__init__(f"{command} doesn't say Hello: {reason}")


def choose(cases: Sequence[NamedCase], only: Sequence[str], profile: Profile) -> list[NamedCase]:
    """The cases of a profile that match one of the patterns: `output`, `output/17*`, `17`.

    Raises:
        NoSuchCaseError: One of the patterns matches none.
    """
    for pattern in only:
        meant = [each for each in cases if _is_meant(each, [pattern])]
        if not meant:
            raise NoSuchCaseError(f"no case matches {pattern!r}; `buildledger conformance --list` shows them all")
        if profile != "full" and all(each.case.profile == "full" for each in meant):
            raise NoSuchCaseError(f"what {pattern!r} names is played with `--profile full` only")
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
        KitFailedError: The kit can't play a server here.
    """
    try:
        return await _hello_of(command, patience)
    except WorkerUnusableError:
        raise
    except Exception as error:
        raise KitFailedError(f"the kit failed before the first case: {type(error).__name__}: {error}") from error


async def _hello_of(command: WorkerCommand, patience: float) -> pb.Hello:
    with tempfile.TemporaryDirectory(prefix="conformance-") as parent:
        context = CaseContext("probe", command, Path(parent) / "probe", patience)
        async with context.built():
            try:
                await context.worker.start()
                await context.until(lambda: bool(context.server.sessions), _PROBE_SECONDS, "Hello")
            except (CaseFailedError, OSError) as error:
                raise WorkerUnusableError(command, str(error), context.worker.stderr_tail()) from error
            return context.session().hello


async def run(
    cases: Sequence[NamedCase],
    command: WorkerCommand,
    options: Options,
    told: Callable[[Result], None] = lambda _: None,
) -> list[Result]:
    """Play the cases and return their results in the same order; `told` hears of each as soon as it is there.

    Raises:
        WorkerUnusableError: the worker says no Hello, so that nothing can be learnt.
        KitFailedError: The kit can't play a server here.
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
                    result = await _run_safely(named, command, Path(parent) / str(number), options.patience)
            told(result)
            return result

        return list(await asyncio.gather(*(one(number, named) for number, named in enumerate(cases))))


async def _run_safely(named: NamedCase, command: WorkerCommand, directory: Path, patience: float) -> Result:
    """A fault of the kit or of a case ends that case and no other, and isn't held against the worker."""
    try:
        return await run_case(named, command, directory, patience)
    except Exception as error:
        return Result(case=named, outcome="kit failed", reason=f"{type(error).__name__}: {error}")
