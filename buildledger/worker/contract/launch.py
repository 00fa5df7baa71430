"""What a supervisor is told about the command it is to run."""

import base64
import json
import os
from typing import Any

from buildledger.grpc_protos.worker.v1 import worker_pb2 as pb
from buildledger.worker.files.paths import inside_followed
from buildledger.worker.processes.procfs import COOKIE_VARIABLE
from buildledger.worker.runs.plan import Plan, command_line, environment
from buildledger.worker.supervision.program import LAUNCH_VERSION

_LEVELS = {name.removeprefix("STOP_LEVEL_").lower(): value for name, value in pb.StopLevel.items()}
_REASONS = {name.removeprefix("EXIT_REASON_").lower(): value for name, value in pb.ExitReason.items()}
_FAILURES = {name.removeprefix("START_FAILURE_").lower(): value for name, value in pb.StartFailure.items()}


def level_name(level: pb.StopLevel.ValueType) -> str:
    """A level as supervisors spell it."""
    return pb.StopLevel.Name(level).removeprefix("STOP_LEVEL_").lower()


def level_named(name: str) -> pb.StopLevel.ValueType:
    """The level that a supervisor named."""
    return _LEVELS.get(name, pb.STOP_LEVEL_UNSPECIFIED)


def reason_name(reason: pb.ExitReason.ValueType) -> str:
    """A reason as supervisors spell it."""
    return pb.ExitReason.Name(reason).removeprefix("EXIT_REASON_").lower()


def reason_named(name: str) -> pb.ExitReason.ValueType:
    """The reason that a supervisor gave."""
    return _REASONS.get(name, pb.EXIT_REASON_UNSPECIFIED)


def failure_named(name: str) -> pb.StartFailure.ValueType:
    """The kind of failure that a supervisor named."""
    return _FAILURES.get(name, pb.START_FAILURE_OTHER)


def launch_of(plan: Plan, cookie: str) -> dict[str, Any]:
    """The launch of the plan's command, all but what depends on the worker; makes the build directory.

    Raises:
        PathEscapesError: the working directory isn't in the build directory.
        UnicodeError: it has a name that is no UTF-8.
        OSError: the build directory can't be made.
    """
    command = plan.spec.command
    os.makedirs(plan.root, exist_ok=True)
    script = command.shell_script if command.HasField("shell_script") else None
    directory = inside_followed(plan.root, os.fsencode(command.cwd))
    return {
        "version": LAUNCH_VERSION,
        "argv": command_line(command),
        "is_script": script is not None and not script.interpreter,
        "directory": directory.decode("utf-8"),
        "root": plan.root.decode("utf-8"),
        **_variables(environment(command, os.environ, cookie)),
        "cookie": cookie,
        "stdin": _text(command.stdin),
        "umask": command.umask if command.HasField("umask") else None,
        "encoding": command.encoding,
        "terminal": {"rows": command.pty.rows or 24, "columns": command.pty.columns or 80}
        if command.HasField("pty")
        else None,
        "channels": plan.channels[: len(plan.channels) - len(command.watch_files)],
        "watch": [
            {"channel": file.channel, "path": _text(file.path), "from_start": file.from_start}
            for file in command.watch_files
        ],
        "secrets": [{"value": _text(secret.value), "file_env": secret.file_env} for secret in command.secrets],
        "stop_policy": [{"level": level_name(level), "grace": grace} for level, grace in plan.stop_policy],
        "log_limit": command.log_limit,
        "on_full": "gap" if command.output_policy == pb.OUTPUT_POLICY_GAP else "block",
    }


def line_of(message: dict[str, Any]) -> bytes:
    """A message as it is written to a supervisor."""
    return json.dumps(message, separators=(",", ":")).encode("ascii") + b"\n"


def own_environment() -> dict[str, str]:
    """The variables that a supervisor itself runs with: nothing of the worker's that it has no use for.

    The mark of a run that the worker itself is a part of stays, so that the end of that run ends the supervisor too.
    """
    kept = ("PATH", COOKIE_VARIABLE, "TMPDIR")
    return {name: os.environ[name] for name in kept if name in os.environ}


def _variables(variables: dict[str, str]) -> dict[str, list[str]]:
    """Variables whose bytes are no UTF-8 can't be written as text."""
    plain: list[str] = []
    encoded: list[str] = []
    for name, value in variables.items():
        variable = f"{name}={value}"
        try:
            variable.encode("utf-8")
        except UnicodeEncodeError:
            encoded.append(_text(os.fsencode(variable)))
        else:
            plain.append(variable)
    return {"env": plain, "env_base64": encoded}


def _text(data: bytes) -> str:
    return base64.b64encode(data).decode("ascii")
