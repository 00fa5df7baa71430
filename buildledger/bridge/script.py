"""POSIX shell scripts: what the bridge wraps commands in, and short commands of its own.

An old worker starts a program and says how it ended. The shell before it (which becomes the program by `exec`) adds
what is missing: a first line that tells the process id or why there will be no program, a working directory that must
exist, the mode mask, both output streams as one.
"""

from collections.abc import Mapping, Sequence

from buildledger.grpc_protos.worker.v1 import worker_pb2 as pb
from buildledger.worker.runs.plan import environment

STARTED = "pid"
NO_PROGRAM = "missing"
NO_DIRECTORY = "nowhere"
OUTSIDE = "outside"
"""First words of the first line."""

_PYTHONPATH = "PYTHONPATH"
# An old worker appends its own path to a PYTHONPATH it is given, so that it gets it under another name.
_HIDDEN_PYTHONPATH = "BUILDLEDGER_BRIDGE_PYTHONPATH"

IDENTIFY = r"uname -s; uname -m; printf '\351\n'"
"""System, processor, and one byte that isn't UTF-8, by which it shows how the worker reads what programs write."""
EXACT = "é"
"""That byte where the worker takes each for a character (Latin-1), so that nothing of what is written is lost."""

SIGNAL = 'kill -s "$1" -- "-$2"'

ALIVE = 'kill -0 "$1" 2>/dev/null'

KIND = '[ -L "$1" ] && readlink "$1"'
"""Ends with 0 for a symbolic link, and writes where it leads."""

# To `mv`, a directory or a link to one would be a place to put the file into.
RENAME = """
if [ -L "$2" ]; then rm -f "$2"; elif [ -d "$2" ]; then echo "$2 is a directory" >&2; exit 1; fi
mv -f "$1" "$2"
"""

LINK = 'mkdir -p "${2%/*}" && rm -f "$2" && ln -s "$1" "$2"'

COPY = 'mkdir -p "${2%/*}" && cp -R -P -p "$1" "$2"'

REMOVE = 'rm -rf "$1" 2>/dev/null || { chmod -R u+rwx "$1" 2>/dev/null; rm -rf "$1"; }'
"""Directories that a build made read-only are removed all the same."""

# Where a path really lies may depend on links: looks at the nearest directory above it that exists, and where its last
# name is followed too, at what that leads to.
CONTAINED = """
[ "$2" != "$1" ] || exit 0
root=$(cd -P "$1" 2>/dev/null && pwd) || exit 0
path=$2
if [ -n "$3" ] && [ -L "$path" ]; then path=$(readlink -f "$path")/. || exit 9; fi
above=${path%/*}
while [ ! -d "$above" ]; do
  [ ! -L "$above" ] || exit 9
  above=${above%/*}
done
above=$(cd -P "$above" && pwd) || exit 9
case "$above/" in "$root"/*) ;; *) exit 9 ;; esac
"""
ESCAPES = 9

SLICE = 'tail -c "+$3" "$1" | head -c "$4" > "$2"'

STORE = 'umask 077; mkdir -p "${1%/*}" && cat > "$1"'

# /proc shows the environment that a process was started with. Killing goes on until nobody is found, because a process
# may fork while it is looked for. The shell itself and what it starts don't have the mark in their environment.
KILL_MARKED = """
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
    lines = []
    if command.cwd:
        lines += [
            "root=$(pwd -P)",
            f'CDPATH= cd -- "$1" >/dev/null 2>&1 || {{ echo {NO_DIRECTORY}; exit 127; }}',
            f'case "$(pwd -P)/" in "$root"/*) ;; *) echo {OUTSIDE}; exit 127 ;; esac',
        ]
    lines.append("shift")
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
