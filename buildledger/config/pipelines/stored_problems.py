"""What is wrong with a text that defines builders, as facts hold it."""

from __future__ import annotations

from collections.abc import Iterable

from buildledger.config.problems.problem import Problem
from buildledger.events.pipeline import PipelineProblem


def stored(problems: Iterable[Problem]) -> tuple[PipelineProblem, ...]:
    """Problems without the name of their text, which whoever shows them knows."""
    return tuple(
        PipelineProblem(
            line=problem.line,
            column=problem.column,
            code=problem.code,
            message=problem.message,
            hint=problem.hint or "; ".join(problem.notes),
            severity=problem.severity,
        )
        for problem in problems
    )


def told(file: str, problem: PipelineProblem) -> str:
    """A stored problem as people read it."""
    return str(
        Problem(
            file=file,
            line=problem.line,
            column=problem.column,
            code=problem.code,
            message=problem.message,
            hint=problem.hint,
            severity=problem.severity,
        )
    )
