"""Ctrl-C, and the other signals that ask a command to end, from its first line to its last.

Python raises KeyboardInterrupt wherever its main thread is. Inside an import, a finalizer or asyncio that ends in
words of Python's, in a traceback, or nowhere. Here each signal keeps one handler, which does what is right where it
comes:

- while the command is loaded, and once its work is done: one line, and the process has ended (`taken_over`);
- while it works: `Interrupted` is raised, once, so that what it holds is let go of (`Raising`);
- where nothing may be broken off: as soon as that is over (`Held`);
- in asyncio: the main task is cancelled (`main_loop.run`).

It imports next to nothing, for until `take_over` was called a signal is Python's.
"""

from __future__ import annotations

import _thread
import atexit
import os
import sys
import time

TYPE_CHECKING = False
if TYPE_CHECKING:
    import signal
    from collections.abc import Callable
    from types import FrameType

    Action = Callable[[int, FrameType | None], None]
else:
    import _signal as signal  # `signal` itself makes enumerations first, which takes longer than all that is here

NAMES = {
    getattr(signal, name): said
    for name, said in {"SIGINT": "Ctrl-C", "SIGTERM": "SIGTERM", "SIGHUP": "SIGHUP"}.items()
    if hasattr(signal, name)
}
"""What asks a command to end, and what people call it."""
EXIT_OFFSET = 128
"""Exit codes of what a signal ended, as shells have them: this and its number, 130 for Ctrl-C."""
PATIENCE_SECONDS = 10.0
"""How long a command may take to let go of what it holds; asked again after that, it ends at once."""
AGAIN_SECONDS = 0.02
"""How much later a signal comes again that came where nothing can be raised."""


class Interrupted(KeyboardInterrupt):
    """A signal has asked the command to end."""


class _Process:
    """What this process was asked, and what it does when it is asked."""

    action: Action | None = None
    """None: nothing was taken over, and signals are Python's."""
    asked_by = 0
    """The first signal that wasn't the command's own to handle; 0: none yet."""


_process = _Process()


def take_over() -> None:
    """Have each signal end this process at once, with one line; those that it was started to ignore stay ignored."""
    _process.action = _end
    for number in NAMES:
        if signal.getsignal(number) != signal.SIG_IGN:
            take(number)
    sys.unraisablehook = _raise_again_what_was_swallowed
    atexit.register(_ignore_all)  # before all others, so that it is called after them


def take(number: int) -> None:
    """Make a signal one of this module's, whoever has handled it."""
    signal.signal(number, _asked)


def taken() -> list[int]:
    """The signals that are this module's."""
    return [number for number in NAMES if signal.getsignal(number) is _asked]


def is_taken_over() -> bool:
    """Whether signals are this module's; in a program that only uses a part of Build Ledger they aren't."""
    return _process.action is not None


def asked_to_end() -> bool:
    """Whether a signal has come that the command didn't handle itself, so that whatever failed since is no fault."""
    return bool(_process.asked_by)


def exit_code() -> int:
    """Of a command that was asked to end."""
    return EXIT_OFFSET + (_process.asked_by or signal.SIGINT)


def say(before: str = "\n") -> None:
    """The one line about the end, onto standard error, whoever else is in the middle of writing there.

    `before` ends the line that a terminal has shown `^C` in.
    """
    line = f"{before}Stopped by {NAMES[_process.asked_by or signal.SIGINT]}.\n"
    try:  # noqa: SIM105 - contextlib isn't loaded yet
        os.write(2, line.encode())
    except OSError:  # nobody reads it, or the terminal is gone
        pass


class Raising:
    """While it works: a signal raises `Interrupted` in it, once; the next ones leave it time to let go of things."""

    def __enter__(self) -> Raising:
        self._before, _process.action = _process.action, _process.action and _raise
        return self

    def __exit__(self, *_: object) -> None:
        _process.action = self._before


class Ending:
    """While something is loaded that nothing was begun for: a signal ends the process at once."""

    def __enter__(self) -> Ending:
        self._before, _process.action = _process.action, _process.action and _end
        return self

    def __exit__(self, *_: object) -> None:
        _process.action = self._before


class Held:
    """What must not be broken off: a signal is kept, and acted upon afterwards."""

    def __init__(self, patience_seconds: float | None = PATIENCE_SECONDS) -> None:
        """`patience_seconds`: asked again after that it ends at once; None: what is inside sees to its own end."""
        self.count = 0
        """How often it was asked to end meanwhile."""
        self._number = 0
        self._since = 0.0
        self._patience_seconds = patience_seconds

    def __enter__(self) -> Held:
        self._before, _process.action = _process.action, _process.action and self.ask
        return self

    def __exit__(self, *_: object) -> None:
        _process.action = self._before
        if self._before is not None and self._number:
            self._before(self._number, None)

    def ask(self, number: int, _: FrameType | None = None) -> None:
        """Keep a signal."""
        now = time.monotonic()
        if not self._number:
            self._number, self._since = number, now
        elif self._patience_seconds is not None and now - self._since > self._patience_seconds:
            _end(number, None)
        self.count += 1


def _asked(number: int, frame: FrameType | None) -> None:
    _process.asked_by = _process.asked_by or number
    if _process.action is not None:
        _process.action(number, frame)


def _end(_: int, __: FrameType | None) -> None:
    say()
    os._exit(exit_code())


def _raise(number: int, frame: FrameType | None) -> None:
    if _in_import(frame):
        _ask_again(number)
        return
    _process.action = _let_go()
    raise Interrupted


def _in_import(frame: FrameType | None) -> bool:
    """Whether a module is being loaded: broken off, it may say anything, or swallow what it is told."""
    while frame is not None:
        if frame.f_code.co_filename.startswith("<frozen importlib"):
            return True
        frame = frame.f_back
    return False


def _let_go() -> Action:
    """What was raised is on its way: it isn't raised again, but when it takes too long the process ends."""
    began = time.monotonic()

    def action(number: int, frame: FrameType | None) -> None:
        if time.monotonic() - began > PATIENCE_SECONDS:
            _end(number, frame)

    return action


def _raise_again_what_was_swallowed(unraisable: sys.UnraisableHookArgs) -> None:
    """An interrupt in a finalizer or a callback of Python's own ends nothing there: it comes again, outside."""
    if isinstance(unraisable.exc_value, Interrupted):
        _process.action = _raise
        _ask_again(_process.asked_by)
    else:
        sys.__unraisablehook__(unraisable)


def _ask_again(number: int) -> None:
    def later() -> None:
        time.sleep(AGAIN_SECONDS)
        os.kill(os.getpid(), number)

    _thread.start_new_thread(later, ())


def _ignore_all() -> None:
    """In its last milliseconds Python has no handlers any more, and a signal would end it without a word."""
    for number in taken():
        signal.signal(number, signal.SIG_IGN)
