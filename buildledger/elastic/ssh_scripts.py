"""What is done on a host that is reached by ssh: POSIX shell, fed to `sh -s`, so that no argument holds a secret."""

from __future__ import annotations

import shlex
from collections.abc import Sequence

from buildledger.config.machines import SshStart
from buildledger.elastic.command_line import LAUNCH, TOKEN_VARIABLE, worker_options
from buildledger.elastic.driver import MARK_VARIABLE, Machine

SOCKET_CHARACTERS = 100
"""What a socket's path may have on any system."""

_HOLDS = """
holds() {
    if [ -d /proc/self ]; then
        tr '\\0' '\\n' < "/proc/$1/environ" 2> /dev/null | grep -qxF "$mark"
    else
        ps -p "$1" -o command= 2> /dev/null | grep -qF -- "--name $worker "
    fi
}
"""

_PREPARE = """
mkdir -p "$home" && chmod 700 "$home"
[ "${#socket}" -le %d ] || { echo "the socket's path is too long, choose another directory: $socket" >&2; exit 3; }
rm -f "$socket"
printf '%%s\\n' "$socket"
"""

_LOOK = """
cd "$directory" 2> /dev/null && [ -f "start-$start.pid" ] || { echo absent; exit 0; }
pid=$(cat "start-$start.pid")
if holds "$pid"; then echo running "$pid"; exit 0; fi
echo ended "$pid"
tail -c 4096 output.log 2> /dev/null || true
"""

_START = """
launch=%s
if command -v setsid > /dev/null 2>&1; then apart=setsid; else apart=nohup; fi
export %s
$apart sh -c "$launch" launch "$directory" "$start" "$@" < /dev/null > /dev/null 2>&1 &
tries=0
while [ ! -f "$directory/start-$start.pid" ] && [ "$tries" -lt 100 ]; do
    tries=$((tries + 1))
    sleep 0.1 2> /dev/null || sleep 1
done
[ -f "$directory/start-$start.pid" ] || { echo "nothing can be started in $directory" >&2; exit 3; }
"""

_STOP = """
cd "$directory" 2> /dev/null && [ -f "start-$start.pid" ] || exit 0
pid=$(cat "start-$start.pid")
if holds "$pid"; then kill -s %s "$pid" 2> /dev/null; fi
"""

_KILL_REST = """
[ -d /proc/self ] || exit 0
for each in /proc/[0-9]*; do
    if tr '\\0' '\\n' < "$each/environ" 2> /dev/null | grep -qxF "$mark"; then
        kill -s KILL "${each#/proc/}" 2> /dev/null
    fi
done
exit 0
"""


def prepare(machine: Machine, settings: SshStart) -> str:
    """Make room for the socket; prints its absolute path."""
    return _names(machine, settings) + _PREPARE % SOCKET_CHARACTERS


def inspect(machine: Machine, settings: SshStart) -> str:
    """Prints `absent`, `running <pid>`, or `ended <pid>` and the last output."""
    return _names(machine, settings) + _HOLDS + _LOOK


def start(machine: Machine, settings: SshStart, token: str, program: Sequence[str], server: str | None) -> str:
    """Start the worker apart from the connection; `server` None: it dials the socket that the connection forwards."""
    quoted = " ".join(shlex.quote(argument) for argument in program)
    at = '"unix:$socket"' if server is None else shlex.quote(server)
    options = " ".join(shlex.quote(option) for option in worker_options(settings))
    arguments = f'set -- {quoted} --server {at} --name "$worker" --state "$directory/worker" {options}\n'
    export = f"{MARK_VARIABLE}={shlex.quote(machine.mark)} {TOKEN_VARIABLE}={shlex.quote(token)}"
    return _names(machine, settings) + arguments + _START % (shlex.quote(LAUNCH), export)


def stop(machine: Machine, settings: SshStart, *, force: bool) -> str:
    """Ask it to go, or kill it with everything that bears its mark."""
    kill = _STOP % ("KILL" if force else "TERM")
    return _names(machine, settings) + _HOLDS + kill + (_KILL_REST if force else "")


def forget(machine: Machine, settings: SshStart) -> str:
    """Remove the socket."""
    return _names(machine, settings) + 'rm -f "$socket"\n'


def has_program(settings: SshStart, name: str) -> str:
    """Succeeds if a program was installed under this name."""
    return f'{_home(settings)}test -x "$home"/{shlex.quote(name)}\n'


def receive_program(settings: SshStart, name: str) -> str:
    """Takes a program from standard input, so it is given as an argument itself; whole or not at all."""
    program = shlex.quote(name)
    new = f'"$home"/{program}.new.$$'
    steps = ["umask 077", 'mkdir -p "$home"', f"cat > {new}", f"chmod 700 {new}", f'mv {new} "$home"/{program}']
    return _home(settings) + " && ".join(steps)


def installed(name: str) -> str:
    """How an installed program is called by a script."""
    return f"./../{name}"


def _home(settings: SshStart) -> str:
    directory = shlex.quote(settings.directory)
    return f"home={directory}; case $home in /*) ;; *) home=$HOME/$home ;; esac; "


def _names(machine: Machine, settings: SshStart) -> str:
    """What all scripts speak of."""
    quote = shlex.quote
    return (
        f"{_home(settings)}\n"
        f"worker={quote(machine.worker)} start={machine.start} mark={quote(f'{MARK_VARIABLE}={machine.mark}')}\n"
        f"directory=$home/$worker socket=$home/{machine.mark[:12]}.sock\n"
    )
