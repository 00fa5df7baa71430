"""Messages to a supervisor, and the environment that it is started with."""

import json
import os
from typing import Any

from buildledger.worker.processes.procfs import COOKIE_VARIABLE

LAUNCH_VERSION = 1
"""Of the forms of a launch that supervisors take, the one that this worker writes."""


def line_of(message: dict[str, Any]) -> bytes:
    """A message as one line of JSON."""
    return json.dumps(message, separators=(",", ":")).encode("ascii") + b"\n"


def own_environment() -> dict[str, str]:
    """The environment variables of a supervisor: those of the worker's that it needs.

    The mark of a run that the worker itself is a part of stays, so that the end of that run ends the supervisor too.
    """
    kept = ("PATH", COOKIE_VARIABLE, "TMPDIR")
    return {name: os.environ[name] for name in kept if name in os.environ}
