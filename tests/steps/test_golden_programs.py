"""A step program asks for what its version has always asked for."""

from __future__ import annotations

import msgspec
import pytest

from buildledger.steps.program import StepProgram
from tests.golden.programs.transcripts import golden, programs, transcripts


@pytest.mark.parametrize("program", programs(), ids=lambda program: program.name)
def test_a_program_asks_for_what_its_version_asked_for(program: StepProgram) -> None:
    """Builds that were begun by this version are replayed by it, so whatever changes needs a version of its own."""
    path = golden(program)
    assert path.exists(), "a version without transcripts: run `python -m tests.golden.programs.record`"
    assert transcripts(program) == msgspec.json.decode(path.read_bytes()), (
        f"{program.name} asks for something else than before: raise `version` of PROGRAM in"
        f" {program.start.__module__.replace('.', '/')}.py, and run `python -m tests.golden.programs.record`"
    )
