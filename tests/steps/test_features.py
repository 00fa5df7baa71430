"""What a step says that it needs of its worker is what its operations ask for."""

from __future__ import annotations

import pytest

from buildledger.events.operation import SERVER_SIDE, Ended
from buildledger.slave_grpc.wire.run_specs import run_spec
from buildledger.steps.program import Operation
from buildledger.steps.registry import begin
from tests.steps.programs import INPUTS, STEPS

FILE = '{"sha256": "' + "0" * 64 + '", "size_bytes": 1}'


@pytest.mark.parametrize("answer", ["a" * 40, FILE, "missing"])
@pytest.mark.parametrize("name", STEPS)
def test_no_operation_needs_more_than_its_step_says(name: str, answer: str) -> None:
    """A worker that the scheduler has chosen can do whatever comes of the step, however operations end."""
    step = STEPS[name]
    execution = begin(step, INPUTS)
    for _ in range(30):
        if execution.conclusion is not None:
            break
        request = execution.request
        if isinstance(request, Operation):
            if not isinstance(request.spec, SERVER_SIDE):
                run_spec(request.spec, "build", step.features(), lambda name: name)
            execution.answer(Ended(reason="exited", exit_code=0, text=answer))
        else:
            execution.answer(None)
