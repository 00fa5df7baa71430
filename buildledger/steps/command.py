"""The operation for a process of the user's, for the kinds of steps that start one."""

from __future__ import annotations

from collections.abc import Mapping

from buildledger.config import values
from buildledger.config.evaluation import evaluate
from buildledger.config.steps.step import Timeout
from buildledger.events.operation import EnvironmentValue, Run, SecretName, Text
from buildledger.steps.program import StepInputs

LABEL_CHARACTERS = 60
"""Of an operation's label; longer command lines are cut."""


def command(
    env: Mapping[str, values.EnvironmentValue],
    workdir: str,
    timeout: Timeout,
    inputs: StepInputs,
    *,
    argv: tuple[str, ...] = (),
    script: str | None = None,
    capture_bytes: int = 0,
    merge_stderr: bool = True,
) -> Run:
    """The operation for a process of the user's.

    Raises:
        EvaluationError
    """
    given = evaluate.environment(env, inputs.values)
    return Run(
        argv=argv,
        script=script,
        stop_at_failure=script is not None,
        cwd=workdir,
        env={name: _variable(value) for name, value in given.items() if value is not None},
        unset_env=tuple(name for name, value in given.items() if value is None),
        no_output_seconds=timeout.no_output_seconds,
        max_seconds=timeout.total_seconds,
        capture_bytes=capture_bytes,
        merge_stderr=merge_stderr,
    )


def label(text: str) -> str:
    """The first line that says something, cut to a label's length."""
    lines = [line.strip() for line in text.splitlines()]
    first = next((line for line in lines if line and not line.startswith("#")), "script")
    return first if len(first) <= LABEL_CHARACTERS else f"{first[: LABEL_CHARACTERS - 1]}…"


def _variable(value: str | values.SecretRef) -> EnvironmentValue:
    return SecretName(value.name, mask=value.mask) if isinstance(value, values.SecretRef) else Text(value)
