"""What a step program is: a generator that asks, is answered, and concludes.

The contract that makes a build survive a restart: **a program is a function of its step, its inputs and the answers it
has been sent.** Given the same ones it asks the same things in the same order, whenever and wherever it runs. So after
a crash it is begun again and sent the outcomes that the ledger holds; it then waits for exactly the operation that was
in flight. A change to what a program asks for needs a new version in its `PROGRAM`.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping
from typing import Any

import msgspec

from buildledger.config.evaluation.evaluate import Context, EvaluationError
from buildledger.events.operation import Ended, OperationSpec
from buildledger.events.request import SourceStamp
from buildledger.events.results import Result


class Operation(msgspec.Struct, frozen=True, kw_only=True):
    """Wanted: something done on the worker. Answered with how it ended."""

    label: str
    """A few words for people: `git fetch`, `pytest -q`."""
    spec: OperationSpec


class SetProperty(msgspec.Struct, frozen=True, kw_only=True):
    """Wanted: a property of the build. Answered with None; asked again by a replay, it changes nothing."""

    name: str
    value: Any


class ObtainRevision(msgspec.Struct, frozen=True, kw_only=True):
    """Wanted: a note of the revision that a checkout really got. Answered with None; harmless to repeat."""

    source: str
    revision: str


class RequestBuilds(msgspec.Struct, frozen=True, kw_only=True):
    """Wanted: builds by builders that the step has generated, of what its build is of. Answered with None.

    Asked again by a replay, it requests the same builds, which then are there.
    """

    pipeline: str
    """The digest of the pipeline that has the builders."""
    builders: tuple[str, ...]
    """Their names everywhere."""


class Conclusion(msgspec.Struct, frozen=True, kw_only=True):
    """How a step ended, as far as the step itself can tell."""

    result: Result
    summary: str = ""
    """A line for people: `exit code 1`, `no output for 1200 s`."""


class StepInputs(msgspec.Struct, frozen=True, kw_only=True):
    """Everything beside its configuration that a step may depend on; fixed when the step starts."""

    values: Context = Context()
    """What open values are evaluated in; holds the properties that earlier steps have set."""
    stamps: Mapping[str, SourceStamp] = msgspec.field(default_factory=dict)
    """What to check out, by source."""
    systems: Mapping[str, str] = msgspec.field(default_factory=dict)
    """The version-control system of each source, by its key in `sources/systems.py`."""
    revisions: Mapping[str, str] = msgspec.field(default_factory=dict)
    """What earlier steps have really got, by source: a second checkout of it gets the same."""
    first: bool = False
    """No earlier step of the build has done anything."""


Request = Operation | SetProperty | ObtainRevision | RequestBuilds
Program = Generator[Request, Ended | None, Conclusion]
Start = Callable[[Any, StepInputs], Program]
"""Begins a program for a stored step of its kind; runs none of it yet."""


class StepProgram(msgspec.Struct, frozen=True, kw_only=True):
    """A program under the name and version that `build.step_started.v1` holds."""

    name: str
    version: int
    """Raised whenever the program would ask for something else than before, given the same."""
    start: Start


class UnusableStepError(ValueError):
    """A step can't be carried out as it is configured, whatever the worker does; the text is for people."""


class Execution:
    """A program under way: what it waits for, then its conclusion.

    While `conclusion` is None, `request` is what to do next; do it and call `answer`.
    """

    def __init__(self, program: Program) -> None:
        self._program = program
        self.request: Request | None = None
        self.conclusion: Conclusion | None = None
        self.operations_asked = 0
        """How many operations it has asked for, the open one included: the open one's number is one less."""
        self._advance(None)

    def answer(self, outcome: Ended | None) -> None:
        """Tell the program how its request ended: an operation's outcome, or None for an effect."""
        if self.conclusion is not None:
            raise RuntimeError("the program has come to its end and asks for nothing")
        if isinstance(self.request, Operation) != isinstance(outcome, Ended):
            raise TypeError(f"{type(self.request).__name__} can't be answered with {type(outcome).__name__}")
        self._advance(outcome)

    def _advance(self, outcome: Ended | None) -> None:
        try:
            self.request = self._program.send(outcome)
        except StopIteration as stop:
            self.request, self.conclusion = None, stop.value
        except (EvaluationError, UnusableStepError) as error:
            self.request, self.conclusion = None, Conclusion(result=Result.EXCEPTION, summary=str(error))
        else:
            self.operations_asked += isinstance(self.request, Operation)
