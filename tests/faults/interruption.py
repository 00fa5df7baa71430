"""A command in a process of its own that gets Ctrl-C, or another signal to end, at any moment."""

from __future__ import annotations

import contextlib
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from random import Random
from uuid import uuid4

import psutil
from msgspec import Struct

from tests.faults.commands import command_lines

ROOT = Path(__file__).parent.parent.parent
COMMAND = (sys.executable, "-m", "buildledger")
WORKERS = (
    (sys.executable, "-m", "buildledger.worker"),
    (shutil.which("node") or "node", str(ROOT / "workers/node/dist/cli.js")),
)
"""The worker's own programs; not the one in Go, which is taken over by its runtime, unseen from outside."""
NAMES = {signal.SIGINT: "Ctrl-C", signal.SIGTERM: "SIGTERM", signal.SIGHUP: "SIGHUP"}
GO_ON = {"serve", "demo", "worker", "bridge"}
"""They end only when they are told to, in good order once they are at work: with exit code 0, as their help says."""
SIGNS = re.compile(r"Traceback|never awaited|RuntimeError|Exception ignored|Nobody foresaw|Fatal Python|was destroyed")
PYTHONS_OWN = re.compile(r'File "(?!.*/buildledger/(?!__main__\.py|__init__\.py|worker/(__init__|interrupts)\.py))')
FRAME = re.compile(r'^ *File "', re.MULTILINE)
PATIENCE_SECONDS = 30.0
"""After that it is asked once more, by Ctrl-C."""
END_SECONDS = 60.0
_MARK = "INTERRUPTED_COMMAND"


class Press(Struct, frozen=True, kw_only=True):
    """A signal."""

    after_seconds: float
    """Since the one before, or since the process was begun."""
    number: signal.Signals


class CommandLine(Struct, frozen=True, kw_only=True):
    """What is started."""

    argv: tuple[str, ...]
    goes_on: bool


class Ended(Struct, frozen=True, kw_only=True):
    """How a command ended that was interrupted."""

    line: CommandLine
    presses: tuple[Press, ...]
    """Those that came while it ran."""
    was_listening: bool
    """Whether it had taken over the signals when the first one came; until then its interpreter has them."""
    code: int | None
    """None: it hadn't ended at all, and was killed."""
    was_slow: bool
    """Whether it only ended when it was asked once more."""
    output: str
    errors: str
    left: tuple[str, ...]
    """Processes that it has left behind."""

    @property
    def was_too_early(self) -> bool:
        """Whether the interpreter itself was still being started: it was ended without a word, or Python said it.

        Python may even have swallowed it, in a callback of its imports; then the command was never told.
        """
        frames = FRAME.findall(self.errors)
        killed = self.code == -self.presses[0].number and not self.errors
        said = bool(frames) and len(PYTHONS_OWN.findall(self.errors)) == len(frames)
        return not self.was_listening and (killed or said)

    def complaint(self) -> str | None:
        """What is wrong with it, if anything is."""
        if self.left:
            return "left behind"
        if self.code is None:
            return "went on"
        if not self.presses or self.was_too_early:
            return None
        if self.was_slow and not self._was_told_to_reload:
            return "went on"
        if SIGNS.search(self.errors + self.output):
            return "misled"
        numbers = {128 + press.number: press.number for press in self.presses}
        if self.code in numbers:
            said = re.findall(r"^Stopped by (.*)\.$", self.errors, re.MULTILINE)
            return None if said == [NAMES[numbers[self.code]]] else "silent"
        if self.code < 0 or (self.line.goes_on and self.code != 0):
            return "another exit code"
        return None if self.output or self.errors else "silent"

    @property
    def _was_told_to_reload(self) -> bool:
        return self.presses[0].number is signal.SIGHUP and "serve" in self.line.argv

    def __str__(self) -> str:
        """All that one needs to look into it."""
        presses = ", ".join(f"{press.number.name} after {press.after_seconds:.3f} s" for press in self.presses)
        return (
            f"{' '.join(self.line.argv)}; {presses}: {self.code} {self.errors[-2000:]} {self.output[-300:]} {self.left}"
        )


def interrupted(line: CommandLine, directory: Path, presses: Sequence[Press]) -> Ended:
    """Start a command, send the signals, and wait for its end."""
    mark = str(uuid4())
    with (directory / "output.txt").open("w+b") as output, (directory / "errors.txt").open("w+b") as errors:
        process = subprocess.Popen(
            line.argv,
            cwd=directory,
            env={**os.environ, _MARK: mark},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=errors,
            start_new_session=True,
        )
        sent: list[Press] = []
        listening = False
        for press in presses:
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(press.after_seconds)
                break
            listening = listening if sent else catches(process.pid, signal.SIGHUP)
            process.send_signal(press.number)
            sent.append(press)
        code, was_slow = _end(process)
        left = _left(mark)
        texts = []
        for file in (output, errors):
            file.seek(0)
            texts.append(file.read().decode(errors="replace"))
    return Ended(
        line=line,
        presses=tuple(sent),
        was_listening=listening,
        code=code,
        was_slow=was_slow,
        output=texts[0],
        errors=texts[1],
        left=left,
    )


def catches(pid: int, number: int) -> bool:
    """Whether a process has a handler for a signal."""
    try:
        status = Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return False
    found = re.search(r"^SigCgt:\s*(\w+)", status, re.MULTILINE)
    return found is not None and bool(int(found[1], 16) >> (number - 1) & 1)


def _end(process: subprocess.Popen[bytes]) -> tuple[int | None, bool]:
    """Its exit code, and whether it had to be asked once more."""
    with contextlib.suppress(subprocess.TimeoutExpired):
        return process.wait(PATIENCE_SECONDS), False
    process.send_signal(signal.SIGINT)
    with contextlib.suppress(subprocess.TimeoutExpired):
        return process.wait(END_SECONDS), True
    process.kill()
    process.wait()
    return None, True


def _left(mark: str) -> tuple[str, ...]:
    """What has the mark in its environment, which is killed now."""
    found = []
    for process in psutil.process_iter():
        with contextlib.suppress(psutil.Error):
            if process.environ().get(_MARK) == mark and process.status() != psutil.STATUS_ZOMBIE:
                found.append(" ".join(process.cmdline()))
                process.kill()
    return tuple(found)


@contextlib.contextmanager
def place(directory: Path) -> Iterator[list[CommandLine]]:
    """A directory in which every command finds something to do; gives their command lines.

    Where a server's address should be, one listens that never answers: whoever asks it waits until it is interrupted.
    """
    (directory / "ci.yaml").write_text("version: 1\n")
    (directory / "password").write_text("of w1")
    (directory / "workers.yaml").write_text("workers: {w1: {password_file: password}}\n")
    # in the background of a script it is ignored, and would be by all that is started
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        state = directory / "state"
        state.mkdir(exist_ok=True)
        (state / "address").write_text(f"http://127.0.0.1:{silent.getsockname()[1]}\n")
        (state / "admin-token").write_text("a-token-of-some-length\n")
        lines = command_lines(Path("state"), config="ci.yaml", workers="workers.yaml", listen="127.0.0.1:0")
        (worker,) = [words[1:] for words in lines if words[0] == "worker"]
        yield [
            *(CommandLine(argv=(*COMMAND, *words), goes_on=words[0] in GO_ON) for words in lines),
            *(CommandLine(argv=(*program, *worker), goes_on=True) for program in WORKERS),
        ]


def any_presses(random: Random, longest_seconds: float) -> list[Press]:
    """One to four signals: mostly Ctrl-C, mostly once, the first at any moment."""
    (number,) = random.choices(list(NAMES), [6, 2, 1])
    more = random.choices([0, 1, 2, 3], [4, 1, 1, 1])[0]
    first = Press(after_seconds=random.uniform(0, longest_seconds), number=number)
    return [first, *(Press(after_seconds=random.uniform(0, 0.2), number=number) for _ in range(more))]
