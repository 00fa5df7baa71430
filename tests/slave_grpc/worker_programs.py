"""The workers of this repository as programs, for tests that hold for all of them."""

from __future__ import annotations

import asyncio
import platform
import sys
from asyncio.subprocess import DEVNULL, Process
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import BinaryIO

ROOT = Path(__file__).parent.parent.parent
ARCHITECTURE = {"x86_64": "amd64", "aarch64": "arm64"}.get(platform.machine(), platform.machine())

PROGRAMS: dict[str, tuple[str, ...]] = {
    "python": (sys.executable, "-m", "buildledger", "worker"),
    "go": (str(ROOT / "out" / "workers" / f"bl-worker-linux-{ARCHITECTURE}"),),
    "node": ("node", str(ROOT / "workers" / "node" / "dist" / "cli.js")),
}
"""The latter two are what `make workers` builds."""


@asynccontextmanager
async def worker_program(language: str, directory: Path, *arguments: str) -> AsyncIterator[Process]:
    """A worker named bob that runs; its log goes to `directory`. Killed at the end if it still runs."""
    command = _built(language)
    with _log(directory) as log:
        process = await asyncio.create_subprocess_exec(
            *command,
            *("--name", "bob", "--state", str(directory / "state"), "--work", str(directory / "work")),
            *arguments,
            stdin=DEVNULL,
            stdout=log,
            stderr=log,
            cwd=ROOT,
        )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()


def _built(language: str) -> tuple[str, ...]:
    command = PROGRAMS[language]
    assert language == "python" or Path(command[-1]).exists(), f"{command[-1]} is missing: run `make workers`"
    return command


def _log(directory: Path) -> BinaryIO:
    directory.mkdir(exist_ok=True)
    return (directory / "log").open("ab")
