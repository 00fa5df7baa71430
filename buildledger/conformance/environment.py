"""Surroundings that some cases need: a wall clock that can be moved, a disk that is soon full.

Both touch the worker under test alone, never the machine.
"""

from __future__ import annotations

import asyncio
import os
import shutil
import sys
from pathlib import Path

from buildledger.conformance.case_context import CaseContext, NotOfferedError

_COMPILERS = ("cc", "gcc", "clang")
_CLOCK_SOURCE = Path(__file__).with_name("clock.c")
_MOUNT = 'mount -t tmpfs -o "size=$1" tmpfs "$2" && shift 2 && exec "$@"'


async def movable_clock(context: CaseContext) -> None:
    """Start the worker under a program that moves the wall clock for it and for all that it starts.

    Raises:
        NotOfferedError: there is no compiler, or the system isn't Linux, or forbids tracing.
    """
    compiler = next((found for name in _COMPILERS if (found := shutil.which(name))), None)
    if compiler is None or not sys.platform.startswith("linux"):
        raise NotOfferedError("moving a program's clock needs Linux and a C compiler")
    program = context.directory / "clock"
    context.clock_file = context.directory / "clock.offset"
    context.clock_file.write_bytes(bytes(8))
    process = await asyncio.create_subprocess_exec(compiler, "-O1", "-o", str(program), str(_CLOCK_SOURCE))
    if await process.wait() != 0:
        raise NotOfferedError(f"{compiler} can't compile the program that moves a program's clock")
    prefix = [str(program), str(context.clock_file)]
    trial = await asyncio.create_subprocess_exec(*prefix, sys.executable, "-c", "")
    if await trial.wait() != 0:
        raise NotOfferedError("this system doesn't let a program trace another, which moving its clock needs")
    context.worker.prefix = prefix


def small_disk(context: CaseContext, size_bytes: int) -> None:
    """Start the worker where its work directory is a file system of this size, which only it can see.

    Raises:
        NotOfferedError: this system has no mount namespaces, or the user may not make one.
    """
    unshare = shutil.which("unshare")
    if unshare is None or not sys.platform.startswith("linux"):
        raise NotOfferedError("a small disk needs Linux and unshare")
    options = ["--mount"] if os.geteuid() == 0 else ["--mount", "--map-root-user"]
    work = Path(context.worker.values["work"])
    work.mkdir(parents=True)
    context.worker.prefix = [unshare, *options, "/bin/sh", "-c", _MOUNT, "sh", str(size_bytes), str(work)]
