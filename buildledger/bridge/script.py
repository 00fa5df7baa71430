"""What the bridge puts around a command, and the small commands of its own, all for a POSIX shell.

An old worker starts a program and says how it ended. The shell before it (which becomes the program by `exec`) adds
what is missing: a first line that tells the process id or why there will be no program, a working directory that must
exist, the mode mask, both output streams as one.
"""

from collections.abc import Mapping, Sequence

from buildledger.grpc_protos.worker.v1 import worker_pb2 as pb
from buildledger.slave_grpc.agent.plan import environment

STARTED = "pid"
NO_PROGRAM = "missing"
NO_DIRECTORY = "nowhere"
"""First words of the first line."""

_PYTHONPATH = "PYTHONPATH"
# An old worker appends its own path to a PYTHONPATH it is given, so that it gets it under another name.
_HIDDEN_PYTHONPATH = "BUILDLEDGER_BRIDGE_PYTHONPATH"

IDENTIFY = "uname -s; uname -m"

SIGNAL = 'kill -s "$1" -- "-$2"'

KIND = '[ -L "$1" ] && readlink "$1"'
"""Ends with 0 for a symbolic link, and writes where it leads."""

RENAME = 'mv -f "$1" "$2"'

STORE = 'umask 077; mkdir -p "${1%/*}" && cat > "$1"'

# /proc shows the environment that a process was started with. Killing goes on until nobody is found, because a process
# may fork while it is looked for. The shell itself and what it starts don't have the mark in their environment.
SWEEP = """
[ -r /proc/self/environ ] || exit 0
round=0
while [ $round -lt 200 ]; do
  found=
  for file in $(grep -lsF "$@" /proc/[0-9]*/environ); do
    pid=${file#/proc/}; pid=${pid%/environ}
    name=$(cat "/proc/$pid/comm" 2>/dev/null) || continue
    kill -s KILL "$pid" 2>/dev/null && { echo "$pid $name"; found=yes; }
  done
  [ -n "$found" ] || exit 0
  round=$((round + 1))
done
exit 1
"""


def shell(script: str, *arguments: str) -> list[str]:
    """The argv that runs a script with arguments."""
    return ["/bin/sh", "-c", script, "sh", *arguments]


def wrapped(command: pb.Command, argv: Sequence[str], env: Mapping[str, str | None]) -> list[str]:
    """The argv that runs `argv` as the command wants it; `env` says what becomes of PYTHONPATH."""
    lines = [
        f'CDPATH= cd -- "$1" >/dev/null 2>&1 || {{ echo {NO_DIRECTORY}; exit 127; }}',
        "shift",
    ]
    if _PYTHONPATH in env and env[_PYTHONPATH] is None:
        lines.append(f"unset {_PYTHONPATH}")
    elif _PYTHONPATH in env:
        lines.append(f"{_PYTHONPATH}=${_HIDDEN_PYTHONPATH}; export {_PYTHONPATH}; unset {_HIDDEN_PYTHONPATH}")
    if command.HasField("umask"):
        lines.append(f"umask {command.umask & 0o777:04o}")
    if command.HasField("pty"):
        lines.append(f"stty rows {command.pty.rows or 24} cols {command.pty.columns or 80} 2>/dev/null")
    lines += [
        f'command -v "$1" >/dev/null 2>&1 || {{ echo {NO_PROGRAM} "$1"; exit 127; }}',
        f'echo "{STARTED} $$"',
        'exec "$@" 2>&1' if command.merge_stderr else 'exec "$@"',
    ]
    return shell("\n".join(lines), command.cwd or ".", *argv)


def changed_environment(command: pb.Command, base: Mapping[str, str], cookie: str) -> dict[str, str | None]:
    """How the command's environment differs from the worker's own; None takes a variable away."""
    wanted = environment(command, base, cookie)
    changed: dict[str, str | None] = {name: value for name, value in wanted.items() if base.get(name) != value}
    return changed | {name: None for name in base if name not in wanted}


def environment_argument(changed: Mapping[str, str | None]) -> dict[str, str | None]:
    """`changed` as the old protocol wants it: there, `${NAME}` in a value stands for a variable of the worker."""
    arguments = {name: value for name, value in changed.items() if name != _PYTHONPATH}
    if (path := changed.get(_PYTHONPATH)) is not None:
        arguments[_HIDDEN_PYTHONPATH] = path
    # "${}" stands for nothing, so that what it is put between isn't taken for a name.
    return {name: value and value.replace("${", "$${}{") for name, value in arguments.items()}
