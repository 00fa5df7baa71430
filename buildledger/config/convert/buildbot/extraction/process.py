"""The process around the loading: where its output goes, how long it may take, and what is said when it goes wrong."""

from __future__ import annotations

import faulthandler
import json
import os
import sys
import traceback
from pathlib import Path
from typing import Any

MEMORY_BYTES = 4 << 30
"""Address space: a configuration that builds lists without end ends as a MemoryError."""
IMPORT_SECONDS = 45.0
"""That importing Buildbot may take, on a machine with much to do, before the time of the configuration begins."""
FORMAT = 1
"""Of what is printed; `described.py` reads it."""


def main(master_cfg: str, limit_seconds: float) -> None:
    """Load the file and print one line of JSON, whatever happens."""
    answer = _Answer()
    faulthandler.dump_traceback_later(limit_seconds + IMPORT_SECONDS, exit=True)
    _limit_memory()
    # Where `buildbot start` would be: configurations read files beside them by relative names.
    os.chdir(os.path.dirname(master_cfg) or ".")
    try:
        content = _load(Path(master_cfg), limit_seconds)
    except BaseException as error:
        content = {"failure": _failure(error, master_cfg)}
    answer.send({"format": FORMAT, "python": sys.version.split()[0], **content})
    faulthandler.cancel_dump_traceback_later()
    sys.stdout.flush()
    sys.stderr.flush()
    # Threads or exit handlers of the configuration have nothing more to do here.
    answer.leave()


class _Answer:
    """The real standard output; what the configuration prints goes to standard error instead."""

    def __init__(self) -> None:
        self._descriptor = os.dup(1)
        self._process = os.getpid()
        self._exit = os._exit
        os.dup2(2, 1)
        os._exit = self._exited  # type: ignore[assignment]

    def send(self, content: dict[str, Any]) -> None:
        """Print, unless this is a child that the configuration has forked."""
        if os.getpid() != self._process:
            self._exit(0)
        data = json.dumps(content).encode() + b"\n"
        while data:
            data = data[os.write(self._descriptor, data) :]

    def leave(self) -> None:
        """End at once."""
        self._exit(0)

    def _exited(self, status: int) -> None:
        """In the place of `os._exit`, which would end the process without a word."""
        if os.getpid() == self._process:
            frames = [(frame.filename, frame.lineno) for frame in traceback.extract_stack()[:-1]]
            failure = {"kind": "exited", "message": f"os._exit({status})", "frames": frames}
            self.send({"format": FORMAT, "python": sys.version.split()[0], "failure": failure})
        self._exit(status)


def _limit_memory() -> None:
    try:
        import resource
    except ImportError:  # not on Windows
        return
    _soft, hard = resource.getrlimit(resource.RLIMIT_AS)
    most = MEMORY_BYTES if hard == resource.RLIM_INFINITY else min(MEMORY_BYTES, hard)
    resource.setrlimit(resource.RLIMIT_AS, (most, hard))


def _load(master_cfg: Path, limit_seconds: float) -> dict[str, Any]:
    try:
        import buildbot
    except ImportError:
        return {"failure": {"kind": "no-buildbot", "message": sys.executable, "frames": []}}
    version = str(getattr(buildbot, "version", "unknown"))
    from . import loading

    faulthandler.dump_traceback_later(limit_seconds, exit=True)
    try:
        return {"buildbot": version, **loading.load(master_cfg)}
    except BaseException as error:
        return {"buildbot": version, "failure": _failure(error, str(master_cfg))}


def _failure(error: BaseException, master_cfg: str) -> dict[str, Any]:
    kinds = (
        (SystemExit, "exited"),
        (ModuleNotFoundError, "missing-module"),
        (MemoryError, "memory"),
        (SyntaxError, "syntax"),
    )
    cause = getattr(error, "buildledger_cause", None) or error
    kind = next((name for known, name in kinds if isinstance(cause, known)), "raised")
    if kind == "raised" and type(error).__name__ == "ConfigErrors" and cause is error:
        kind = "refused"
    frames = [(frame.filename, frame.lineno) for frame in traceback.extract_tb(cause.__traceback__)]
    if isinstance(cause, SyntaxError) and cause.filename:
        frames.append((cause.filename, cause.lineno))
    name = "" if kind == "refused" else type(cause).__name__ + ": "
    return {"kind": kind, "message": name + str(cause), "errors": list(getattr(error, "errors", ())), "frames": frames}
