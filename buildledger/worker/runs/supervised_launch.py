"""From the plan of a run to the launch that its supervisor gets."""

import base64
import os
from typing import Any

from buildledger.grpc_protos.worker.v1 import worker_pb2 as pb
from buildledger.worker.contract.launch import LAUNCH_VERSION
from buildledger.worker.runs.enum_mapping import level_name
from buildledger.worker.runs.plan import Plan, command_line, environment
from buildledger.worker.runs.working_directory import working_directory


def launch_of(plan: Plan, cookie: str) -> dict[str, Any]:
    """The launch of the plan's command, all but what depends on the worker; makes the build directory.

    Raises:
        StartFailedError: the working directory isn't there, or not in the build directory.
        UnicodeError: it has a name that is no UTF-8.
        OSError: the build directory can't be made.
    """
    command = plan.spec.command
    with working_directory(plan) as (_, path):
        directory = path.decode("utf-8")
    script = command.shell_script if command.HasField("shell_script") else None
    return {
        "version": LAUNCH_VERSION,
        "argv": command_line(command),
        "is_script": script is not None and not script.interpreter,
        "directory": directory,
        "root": plan.directory.path.decode("utf-8"),
        "work_directory": plan.directory.work_dir.decode("utf-8"),
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
