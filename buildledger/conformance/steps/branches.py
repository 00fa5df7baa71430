"""A list of steps, and the step that runs some only with some workers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated

from pydantic import BeforeValidator, SerializeAsAny, ValidationError

from buildledger.conformance.case_context import CaseContext
from buildledger.conformance.steps.step import Step, parse_step


def _parse_steps(data: object) -> list[Step]:
    if not isinstance(data, list):
        raise ValueError("steps are written as a list")
    steps = []
    for number, each in enumerate(data, start=1):
        try:
            steps.append(each if isinstance(each, Step) else parse_step(each))
        except ValidationError as error:
            found = "; ".join(f"{'.'.join(map(str, each['loc']))}: {each['msg']}" for each in error.errors())
            raise ValueError(f"step {number}: {found}") from error
        except ValueError as error:
            raise ValueError(f"step {number}: {error}") from error
    return steps


Steps = Annotated[Sequence[SerializeAsAny[Step]], BeforeValidator(_parse_steps)]


class IfLacking(Step):
    """Play `steps` only if the worker doesn't offer a feature."""

    feature: str
    steps: Steps

    def runs_named(self) -> list[str]:
        """Those of its steps."""
        return [name for step in self.steps for name in step.runs_named()]

    def try_out(self) -> None:
        """Those of its steps."""
        for step in self.steps:
            step.try_out()

    async def execute(self, context: CaseContext) -> None:
        """One after the other."""
        if self.feature not in context.session().hello.features:
            for step in self.steps:
                await step.execute(context)
