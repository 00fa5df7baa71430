# pathlib would add much to the time that this program takes to start.
# ruff: noqa: PTH100, PTH109, PTH110, PTH116, PTH123, SIM115
"""What the kit makes a worker run: one small program that does what its arguments say, one after the other.

Each argument is a verb, or a verb and what it needs: `out:hello`, `note:/tmp/starts`, `exit:3`. It runs as a file
of its own, knows nothing of the kit, and ends by itself if it is forgotten.
"""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from types import FrameType

LONGEST_LIFE_SECONDS = 900
LONGEST_WAIT_SECONDS = 600
EXIT_WAITED_IN_VAIN = 97
EXIT_NOT_UNDERSTOOD = 98
_BLOCK_BYTES = 1 << 20


def pattern_blocks(size: int, seed: int) -> Iterator[bytes]:
    """`size` bytes that are the same for the same seed, in blocks of at most 1 MiB, no two of them equal."""
    base = random.Random(seed).randbytes(min(size, _BLOCK_BYTES))  # noqa: S311 - repeatable on purpose
    for number, start in enumerate(range(0, size, _BLOCK_BYTES)):
        yield (number.to_bytes(8, "big") + base[8:])[: size - start]


def write(descriptor: int, data: bytes) -> None:
    """All of it, however long the reader takes."""
    view = memoryview(data)
    while view:
        view = view[os.write(descriptor, view) :]


def append(path: str, text: str) -> None:
    """In one write, so that lines of several processes don't mix."""
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
    os.write(descriptor, text.encode())
    os.close(descriptor)


def main(arguments: list[str]) -> int:
    """Do one after the other."""
    if hasattr(signal, "alarm"):
        signal.alarm(LONGEST_LIFE_SECONDS)
    while arguments:
        verb, _, what = arguments.pop(0).partition(":")
        if verb == "args":
            # Everything that follows is data.
            print(json.dumps([what, *arguments] if what else arguments))  # noqa: T201 - its output is what it is for
            return 0
        if verb not in VERBS:
            write(2, f"the helper program doesn't know {verb!r}\n".encode())
            return EXIT_NOT_UNDERSTOOD
        VERBS[verb](what)
    return 0


def emit(what: str) -> None:
    """SIZE,SEED[,DESCRIPTOR[,PIECE,PAUSE]]: a pattern, in pieces with pauses if they are given."""
    numbers = what.split(",")
    size, seed = int(numbers[0]), int(numbers[1])
    descriptor = int(numbers[2]) if len(numbers) > 2 else 1
    piece = int(numbers[3]) if len(numbers) > 3 else _BLOCK_BYTES
    pause = float(numbers[4]) if len(numbers) > 4 else 0.0
    for block in pattern_blocks(size, seed):
        for start in range(0, len(block), piece):
            write(descriptor, block[start : start + piece])
            if pause:
                time.sleep(pause)


def line(what: str) -> None:
    """TIMES,TEXT: the text so many times, without a newline."""
    times, _, text = what.partition(",")
    write(1, text.encode() * int(times))


def both(what: str) -> None:
    """COUNT: numbered lines, in turn to standard output and standard error."""
    for number in range(int(what)):
        write(1 + number % 2, b"%d\n" % number)


def slowly(what: str) -> None:
    """PAUSE,TEXT: byte by byte."""
    pause, _, text = what.partition(",")
    for byte in text.encode("utf-8", "surrogateescape"):
        write(1, bytes([byte]))
        time.sleep(float(pause))


def wait_for(path: str) -> None:
    """PATH: until it exists."""
    deadline = time.monotonic() + LONGEST_WAIT_SECONDS
    while not os.path.exists(path):
        if time.monotonic() > deadline:
            os._exit(EXIT_WAITED_IN_VAIN)
        time.sleep(0.01)


def trap(what: str) -> None:
    """NAME,…: say so when one of these signals comes, and go on."""

    def tell(number: int, _frame: FrameType | None) -> None:
        write(1, b"got %s\n" % signal.Signals(number).name.encode())

    for name in what.split(","):
        signal.signal(getattr(signal, "SIG" + name), tell)


def leave_on(what: str) -> None:
    """NAME,CODE: exit with the code when this signal comes."""
    name, code = what.split(",")
    signal.signal(getattr(signal, "SIG" + name), lambda _number, _frame: os._exit(int(code)))


def child(what: str) -> None:
    """KIND,FILE: start a process that lives on, and append its id to the file.

    `plain` keeps our streams; `grandchild` has a parent that keeps living; `daemon` is forked twice; `session` calls
    setsid; `silent` does that too and closes its streams.
    """
    kind, file = what.split(",", 1)
    arguments = ["pid:" + file, f"sleep:{LONGEST_WAIT_SECONDS}"]
    own = [sys.executable, "-I", "-S", os.path.abspath(__file__)]
    before = _lines(file)
    null = subprocess.DEVNULL
    if kind == "grandchild":
        subprocess.Popen([*own, "pid:" + file, "child:plain," + file, f"sleep:{LONGEST_WAIT_SECONDS}"])
        before += 1
    elif kind == "daemon":
        subprocess.run([*own, "child:session," + file], check=True)
        before -= 1
    elif kind == "session":
        subprocess.Popen([*own, *arguments], start_new_session=True)
    elif kind == "silent":
        subprocess.Popen([*own, *arguments], start_new_session=True, stdin=null, stdout=null, stderr=null)
    else:
        subprocess.Popen([*own, *arguments])
    while _lines(file) <= before:
        time.sleep(0.005)


def _lines(file: str) -> int:
    try:
        with open(file) as opened:
            return len(opened.readlines())
    except FileNotFoundError:
        return 0


def file_path(what: str) -> None:
    """NAME,FILE: append what the variable holds, and the mode of the file it names, to a file."""
    name, file = what.split(",", 1)
    append(file, f"{os.environ[name]}\n")
    if os.stat(os.environ[name]).st_mode & 0o077:
        write(2, b"others may read it\n")
        os._exit(1)


def window(_what: str) -> None:
    """Print rows and columns of the terminal."""
    size = os.get_terminal_size(1)
    print(size.lines, size.columns, os.isatty(0), flush=True)  # noqa: T201 - its output is what it is for


def sparse(what: str) -> None:
    """SIZE,PATH: a file of zeros that takes no room, with a mark as its last four bytes."""
    size, path = what.split(",", 1)
    with open(path, "wb") as file:
        file.seek(int(size) - 4)
        file.write(b"last")


def file_of(what: str) -> None:
    """SIZE,SEED,PATH: a file with a pattern."""
    size, seed, path = what.split(",", 2)
    with open(path, "wb") as file:
        file.writelines(pattern_blocks(int(size), int(seed)))


def kill_self(what: str) -> None:
    """NAME: end by this signal."""
    number = getattr(signal, "SIG" + what)
    if number != signal.SIGKILL:
        signal.signal(number, signal.SIG_DFL)
    os.kill(os.getpid(), number)
    time.sleep(LONGEST_WAIT_SECONDS)


VERBS: dict[str, Callable[[str], object]] = {
    "out": lambda what: write(1, what.encode("utf-8", "surrogateescape")),
    "err": lambda what: write(2, what.encode("utf-8", "surrogateescape")),
    "hex": lambda what: write(1, bytes.fromhex(what)),
    "emit": emit,
    "line": line,
    "both": both,
    "slowly": slowly,
    "sleep": lambda what: time.sleep(float(what)),
    "wait": wait_for,
    "note": lambda path: append(path, f"{os.getpid()}\n"),
    "pid": lambda path: append(path, f"{os.getpid()}\n"),
    "exit": lambda what: os._exit(int(what)),
    "signal": kill_self,
    "trap": trap,
    "leave_on": leave_on,
    "child": child,
    "env": lambda name: write(1, (os.environ.get(name, "(unset)") + "\n").encode("utf-8", "surrogateescape")),
    "file_env": lambda name: write(1, open(os.environ[name], "rb").read()),
    "file_path": file_path,
    "cwd": lambda _: write(1, os.getcwdb() + b"\n"),
    "umask": lambda _: write(1, b"%03o\n" % os.umask(0)),
    "stdin": lambda _: write(1, sys.stdin.buffer.read()),
    "window": window,
    "sparse": sparse,
    "file": file_of,
}

if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
