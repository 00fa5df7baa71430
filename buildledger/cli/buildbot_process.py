"""Runs the user's own Python and Buildbot to load a `master.cfg`, bounded in time, memory and output."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import click
import msgspec

from buildledger import child_processes
from buildledger.config.convert import buildbot
from buildledger.config.convert.buildbot import refusals
from buildledger.config.convert.buildbot.described import FORMAT, Extracted, read_extracted
from buildledger.worker import main_loop

SCRIPT = Path(buildbot.__file__).parent / "extraction" / "run.py"
GRACE_SECONDS = 60.0
"""How much later the process is killed than it should have said itself where it was."""
PROBE_SECONDS = 30.0
_FRAME = re.compile(r'^  File "(.+)", line (\d+) in ', re.MULTILINE)


def find_python() -> str:
    """The Python that has Buildbot: the active environment's, that of the program `buildbot`, or any on the PATH.

    Raises:
        click.ClickException: None of them has it.
    """
    tried = list(dict.fromkeys(_candidates()))
    for candidate in tried:
        if _has_buildbot(candidate):
            return candidate
    raise click.ClickException(
        f"no Buildbot was found in {', '.join(tried)}\n"
        "  Give --python the Python of the virtual environment that your Buildbot is installed in,\n"
        "  or make one: python3 -m venv buildbot && buildbot/bin/pip install buildbot buildbot-worker"
    )


def extract(python: str, master_cfg: Path, limit_seconds: float) -> Extracted:
    """Load a configuration.

    Raises:
        click.ClickException: It can't be loaded, with its place, the reason, and what to do.
    """
    argv = [python, str(SCRIPT), str(master_cfg), str(limit_seconds)]
    answer = _Answer()
    try:
        main_loop.run(lambda: _run(argv, master_cfg, limit_seconds + GRACE_SECONDS, answer))
    except child_processes.CannotStartError as error:
        raise click.ClickException(f"{error}: --python names no Python") from None
    except (child_processes.TookTooLongError, child_processes.WroteTooMuchError) as error:
        raise click.ClickException(f"{master_cfg.name}: it can't be loaded: {error}") from None
    if not answer.complete:
        raise click.ClickException(_ended(answer.error, master_cfg, limit_seconds))
    try:
        extracted = read_extracted(bytes(answer.data))
    except msgspec.DecodeError as error:
        raise click.ClickException(f"{python} gave an answer that can't be read: {error}") from None
    if extracted.format != FORMAT:
        raise click.ClickException(f"{python} gave an answer in format {extracted.format}, not {FORMAT}")
    if extracted.failure is not None:
        directory = str(master_cfg.parent)
        raise click.ClickException(refusals.refusal(extracted, file=master_cfg.name, directory=directory))
    return extracted


class _CompleteError(Exception):
    """The answer is here; whatever the configuration has started beside it isn't waited for."""


class _Answer:
    """What the process has printed: one line."""

    def __init__(self) -> None:
        self.data = bytearray()
        self.error = ""
        self.complete = False

    async def take(self, data: bytes) -> None:
        self.data += data
        if len(self.data) > child_processes.OUTPUT_BYTES:
            raise child_processes.WroteTooMuchError(f"more than {child_processes.OUTPUT_BYTES} bytes of configuration")
        if data.endswith(b"\n"):
            self.complete = True
            raise _CompleteError


async def _run(argv: list[str], master_cfg: Path, seconds: float, answer: _Answer) -> None:
    environment = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1"}
    try:
        completed = await child_processes.run(argv, environment=environment, limit_seconds=seconds, consume=answer.take)
    except _CompleteError:
        return
    answer.error = completed.error


def _ended(error: str, master_cfg: Path, limit_seconds: float) -> str:
    """Why a process ended without an answer: where it was when its time was over, or what it last said."""
    directory = str(master_cfg.parent)
    frames = [(file, int(line)) for file, line in _FRAME.findall(error)]
    place = refusals.where(list(reversed(frames)), master_cfg.name, directory)
    if "Timeout (" in error and frames:
        return (
            f"{place}: it was still being loaded after {limit_seconds:g} s, here\n"
            "  A configuration that waits for the network or for other programs can't be converted like this;\n"
            "  give it more time with --timeout, or have it take what it asks for from a file."
        )
    last = error.strip().splitlines()[-1:] or ["nothing was said"]
    return f"{place}: the process that loaded it ended without an answer: {last[0][:500]}"


def _candidates() -> Iterator[str]:
    if environment := os.environ.get("VIRTUAL_ENV"):
        yield str(Path(environment) / "bin" / "python")
    if program := shutil.which("buildbot"):
        yield str(Path(program).resolve().parent / "python")
    for name in ("python3", "python"):
        if found := shutil.which(name):
            yield found


def _has_buildbot(python: str) -> bool:
    probe = [python, "-c", "import importlib.util, sys; sys.exit(importlib.util.find_spec('buildbot') is None)"]
    try:
        done = main_loop.run(
            lambda: child_processes.run(probe, environment=dict(os.environ), limit_seconds=PROBE_SECONDS)
        )
    except (child_processes.CannotStartError, child_processes.TookTooLongError, child_processes.WroteTooMuchError):
        return False
    return done.exit_code == 0
