"""Finds the supervisor's program, and makes sure that it is one."""

import logging
import re
import shutil
import subprocess
import sys
from pathlib import Path

from buildledger.worker.contract.launch import LAUNCH_VERSION

PROGRAM = "bl-run"
AUTO = "auto"
NONE = "none"

_ANSWER = re.compile(r"bl-run (?P<version>\S+) launch (?P<launch>\d+)")
_ANSWER_SECONDS = 20.0

_log = logging.getLogger(__name__)


class SupervisorUnusableError(Exception):
    """What was given as the supervisor can't be used."""

    def __init__(self, choice: str, reason: str) -> None:
        self.choice = choice
        super().__init__(
            f"{choice!r} can't be used as the supervisor: {reason}. Give the path of a {PROGRAM} (`make workers` "
            f"builds it), or '{AUTO}' to look for one, or '{NONE}' to do without"
        )


def find_supervisor(choice: str) -> Path | None:
    """The program to use: a path that was given, with "auto" one that is found, with "none" none.

    "auto" looks beside the Python interpreter, then on PATH; one that can't be used is left alone. Runs the program to
    ask for its version.

    Raises:
        SupervisorUnusableError: a path was given, and it isn't one.
    """
    if choice == NONE:
        return None
    if choice != AUTO:
        path = Path(choice).absolute()
        _check(path, choice)
        return path
    for found in (str(Path(sys.executable).parent / PROGRAM), shutil.which(PROGRAM)):
        if found is not None and Path(found).is_file():
            try:
                _check(Path(found), found)
            except SupervisorUnusableError as error:
                _log.warning("%s", error)
            else:
                return Path(found)
    _log.info("there is no %s beside the interpreter or on PATH: steps don't outlive this worker", PROGRAM)
    return None


def _check(path: Path, choice: str) -> None:
    """Raises unless the program says that it is a supervisor which takes our launches."""
    try:
        answer = subprocess.run(
            [path, "--version"],
            capture_output=True,
            text=True,
            errors="replace",
            stdin=subprocess.DEVNULL,
            timeout=_ANSWER_SECONDS,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise SupervisorUnusableError(choice, f"it doesn't answer --version in {_ANSWER_SECONDS:.0f} s") from None
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        raise SupervisorUnusableError(choice, f"it can't be run ({reason})") from None
    said = _ANSWER.match(answer.stdout)
    if said is None:
        raise SupervisorUnusableError(choice, f"it isn't {PROGRAM}")
    if int(said["launch"]) != LAUNCH_VERSION:
        raise SupervisorUnusableError(
            choice, f"{PROGRAM} {said['version']} takes launches of version {said['launch']}, not {LAUNCH_VERSION}"
        )
