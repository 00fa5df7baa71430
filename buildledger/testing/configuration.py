"""Configurations from texts, for tests."""

from __future__ import annotations

from pathlib import Path

from buildledger.config.load import resolve_text
from buildledger.config.problems.problem import ConfigErrors
from buildledger.config.resolved import Configuration


def load_text(
    text: str, *, file: str = "ci.yaml", directory: Path | None = None, secrets_required: bool = True
) -> Configuration:
    """The configuration that a text says; relative paths are relative to `directory`, or to where the test runs.

    Raises:
        ConfigErrors: It has errors; with all problems, warnings too.
    """
    configuration, problems = resolve_text(
        text, file=file, directory=directory or Path.cwd(), secrets_required=secrets_required
    )
    if configuration is None:
        raise ConfigErrors(problems)
    return configuration
