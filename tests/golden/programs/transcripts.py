"""Transcripts of step programs: canonical steps and inputs, answered in a few fixed ways."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import msgspec

from buildledger.config.steps.kinds import Step
from buildledger.events.operation import Ended
from buildledger.steps.program import Operation, StepProgram
from buildledger.steps.registry import PROGRAMS, begin, program_of
from tests.steps.programs import INPUTS, STEPS

DIRECTORY = Path(__file__).parent
WAYS = 6
"""How often each step is played: all goes well at first, then each time something else happens."""
REQUESTS_MAX = 60
WELL = (
    Ended(reason="exited", exit_code=0, text="a" * 40 + "\n"),
    Ended(reason="exited", exit_code=0, text='{"sha256":"ab","size_bytes":5,"directory":true,"file_count":2}'),
    Ended(
        reason="exited",
        exit_code=0,
        text='{"builder":"b","number":3,"sha256":"ab","size_bytes":5,"directory":true,"mode":0,"pages":3}',
    ),
    Ended(reason="exited", exit_code=0, text='{"reports":1,"passed":1234,"failed":2,"errors":0,"skipped":0}'),
)
ANSWERS = (
    *WELL,
    *WELL,
    Ended(reason="exited", exit_code=0, text=""),
    Ended(reason="exited", exit_code=0, text="missing"),
    Ended(reason="exited", exit_code=0, text="directory"),
    Ended(reason="exited", exit_code=1, text="fatal: not a git repository: '.git'\n"),
    Ended(reason="exited", exit_code=128, text="fatal: Could not resolve host: acme.example\n"),
    Ended(reason="exited", exit_code=128, text="fatal: couldn't find remote ref refs/heads/main\n"),
    Ended(reason="exited", exit_code=128, text="error: object file .git/objects/12/34 is empty\n"),
    Ended(reason="exited", text=""),
    Ended(reason="no_output", signal=9),
    Ended(reason="io_error", detail="no space left on device"),
    Ended(reason="lost"),
)


def programs() -> list[StepProgram]:
    """All step programs."""
    return sorted(PROGRAMS.values(), key=lambda program: program.name)


def golden(program: StepProgram) -> Path:
    """The file of a program's present version."""
    return DIRECTORY / f"{program.name}.{program.version}.json"


def transcripts(program: StepProgram) -> dict[str, Any]:
    """What the program asks for and concludes, for each of its steps and each way of being answered, as plain JSON."""
    played = {
        name: [_play(name, step, way) for way in range(WAYS)]
        for name, step in STEPS.items()
        if program_of(step) is program
    }
    plain: dict[str, Any] = msgspec.json.decode(msgspec.json.encode(played))
    return plain


def _play(name: str, step: Step, way: int) -> list[Any]:
    execution = begin(step, INPUTS)
    said: list[Any] = []
    while (request := execution.request) is not None and len(said) < REQUESTS_MAX:
        said.append({type(request).__name__: request})
        execution.answer(_answer(name, way, len(said)) if isinstance(request, Operation) else None)
    return [*said, {"conclusion": execution.conclusion}]


def _answer(name: str, way: int, number: int) -> Ended:
    """The same on every machine: an answer out of the list, by a digest of where it is wanted."""
    by_chance = hashlib.sha256(f"{name} {way} {number}".encode()).digest()
    if way < len(WELL) and (way == 0 or by_chance[0] % 4):
        # in the first ways mostly one kind of text, so that the step which it is right for comes far
        return WELL[way]
    return ANSWERS[by_chance[1] % len(ANSWERS)]
